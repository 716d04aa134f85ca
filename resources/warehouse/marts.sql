-- The tables to start from: the latest profile of each company, consumer and audience, one column per field. Times are UTC.

CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE marts.company_profiles (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    name VARCHAR,
    domain VARCHAR,
    industry VARCHAR,
    employees_low BIGINT,
    employees_high BIGINT,
    description VARCHAR,
    contacts BIGINT NOT NULL,
    technologies BIGINT NOT NULL,
    news BIGINT NOT NULL,
    job_postings BIGINT NOT NULL,
    intent_signals BIGINT NOT NULL,
    quality DOUBLE NOT NULL,
    completeness DOUBLE NOT NULL,
    freshness DOUBLE,
    reliability DOUBLE,
    confidence VARCHAR NOT NULL,
    missing VARCHAR[] NOT NULL,
    missing_optional VARCHAR[] NOT NULL,
    why_missing MAP(VARCHAR, VARCHAR) NOT NULL,
    disputed VARCHAR[] NOT NULL,
    strategy VARCHAR,
    cost_usd DECIMAL(18, 6),
    saved_usd DECIMAL(18, 6),
    created_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.company_profiles IS 'One row per company, consumer and audience: their latest profile';
COMMENT ON COLUMN marts.company_profiles.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.company_profiles.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.company_profiles.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.company_profiles.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.company_profiles.name IS 'Name as served, else as asked for';
COMMENT ON COLUMN marts.company_profiles.domain IS 'Domain as served, else as asked for';
COMMENT ON COLUMN marts.company_profiles.industry IS 'Industry, in the words of the vendor';
COMMENT ON COLUMN marts.company_profiles.employees_low IS 'Employees, at least; an exact number has low = high';
COMMENT ON COLUMN marts.company_profiles.employees_high IS 'Employees, at most; null: no upper end, or not known';
COMMENT ON COLUMN marts.company_profiles.description IS 'What it does';
COMMENT ON COLUMN marts.company_profiles.contacts IS 'Number of contacts';
COMMENT ON COLUMN marts.company_profiles.technologies IS 'Number of technologies';
COMMENT ON COLUMN marts.company_profiles.news IS 'Number of news items';
COMMENT ON COLUMN marts.company_profiles.job_postings IS 'Number of job postings';
COMMENT ON COLUMN marts.company_profiles.intent_signals IS 'Number of signs of intent to buy';
COMMENT ON COLUMN marts.company_profiles.quality IS 'completeness^0.5 x freshness^0.2 x reliability^0.3 when it was made';
COMMENT ON COLUMN marts.company_profiles.completeness IS 'Satisfied datasets divided by requested ones; required ones count twice';
COMMENT ON COLUMN marts.company_profiles.freshness IS 'Mean over its facts of the share of their valid time that was left';
COMMENT ON COLUMN marts.company_profiles.reliability IS 'Mean reliability of its facts';
COMMENT ON COLUMN marts.company_profiles.confidence IS 'High, Medium or Low';
COMMENT ON COLUMN marts.company_profiles.missing IS 'Required datasets that are not satisfied, and analyses that failed (as analysis:name)';
COMMENT ON COLUMN marts.company_profiles.missing_optional IS 'Optional datasets that are not satisfied';
COMMENT ON COLUMN marts.company_profiles.why_missing IS 'What is not satisfied -> why, source by source';
COMMENT ON COLUMN marts.company_profiles.disputed IS 'Datasets about which sources contradict each other';
COMMENT ON COLUMN marts.company_profiles.strategy IS 'How the plan was made: enhanced, priority or legacy';
COMMENT ON COLUMN marts.company_profiles.cost_usd IS 'What the request that made it spent';
COMMENT ON COLUMN marts.company_profiles.saved_usd IS 'What stored replies, analyses and profiles saved that request';
COMMENT ON COLUMN marts.company_profiles.created_at IS 'When it was assembled, UTC';
COMMENT ON COLUMN marts.company_profiles.holds_until IS 'It may be served again unchanged until then, UTC';
COMMENT ON COLUMN marts.company_profiles.profile_id IS 'The profile; its whole document is in layers.profiles';
COMMENT ON COLUMN marts.company_profiles.request_id IS 'The request it was made for';

CREATE TABLE marts.contacts (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    position BIGINT NOT NULL,
    full_name VARCHAR,
    title VARCHAR,
    seniority VARCHAR,
    department VARCHAR,
    email VARCHAR,
    email_status VARCHAR,
    email_checked_at TIMESTAMP,
    linkedin_url VARCHAR,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.contacts IS 'One row per person in the latest profiles';
COMMENT ON COLUMN marts.contacts.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.contacts.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.contacts.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.contacts.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.contacts.position IS 'Position in the profile, 1 is best';
COMMENT ON COLUMN marts.contacts.full_name IS 'Full name';
COMMENT ON COLUMN marts.contacts.title IS 'Job title';
COMMENT ON COLUMN marts.contacts.seniority IS 'c_level, vp, director, manager or staff';
COMMENT ON COLUMN marts.contacts.department IS 'Department';
COMMENT ON COLUMN marts.contacts.email IS 'E-mail address';
COMMENT ON COLUMN marts.contacts.email_status IS 'valid, unknown, not_valid or unverified';
COMMENT ON COLUMN marts.contacts.email_checked_at IS 'When the address was checked, UTC';
COMMENT ON COLUMN marts.contacts.linkedin_url IS 'LinkedIn page';
COMMENT ON COLUMN marts.contacts.source IS 'The source of the value';
COMMENT ON COLUMN marts.contacts.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.contacts.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.contacts.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.contacts.profile_id IS 'The profile that contains it';

CREATE TABLE marts.technologies (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    position BIGINT NOT NULL,
    name VARCHAR,
    category VARCHAR,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.technologies IS 'One row per technology in the latest profiles';
COMMENT ON COLUMN marts.technologies.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.technologies.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.technologies.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.technologies.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.technologies.position IS 'Position in the profile, 1 is best';
COMMENT ON COLUMN marts.technologies.name IS 'Name of the technology';
COMMENT ON COLUMN marts.technologies.category IS 'Its category';
COMMENT ON COLUMN marts.technologies.source IS 'The source of the value';
COMMENT ON COLUMN marts.technologies.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.technologies.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.technologies.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.technologies.profile_id IS 'The profile that contains it';

CREATE TABLE marts.news (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    position BIGINT NOT NULL,
    title VARCHAR,
    url VARCHAR,
    publisher VARCHAR,
    published_at TIMESTAMP,
    summary VARCHAR,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.news IS 'One row per news item in the latest profiles';
COMMENT ON COLUMN marts.news.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.news.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.news.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.news.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.news.position IS 'Position in the profile, 1 is best';
COMMENT ON COLUMN marts.news.title IS 'Headline';
COMMENT ON COLUMN marts.news.url IS 'Its address';
COMMENT ON COLUMN marts.news.publisher IS 'The publisher';
COMMENT ON COLUMN marts.news.published_at IS 'When it was published, UTC';
COMMENT ON COLUMN marts.news.summary IS 'Its snippet or summary';
COMMENT ON COLUMN marts.news.source IS 'The source of the value';
COMMENT ON COLUMN marts.news.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.news.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.news.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.news.profile_id IS 'The profile that contains it';

CREATE TABLE marts.job_postings (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    position BIGINT NOT NULL,
    title VARCHAR,
    location VARCHAR,
    url VARCHAR,
    posted_on DATE,
    text VARCHAR,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.job_postings IS 'One row per job posting in the latest profiles';
COMMENT ON COLUMN marts.job_postings.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.job_postings.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.job_postings.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.job_postings.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.job_postings.position IS 'Position in the profile, 1 is best';
COMMENT ON COLUMN marts.job_postings.title IS 'Job title';
COMMENT ON COLUMN marts.job_postings.location IS 'Place of work';
COMMENT ON COLUMN marts.job_postings.url IS 'Its address';
COMMENT ON COLUMN marts.job_postings.posted_on IS 'When it was posted';
COMMENT ON COLUMN marts.job_postings.text IS 'Its text';
COMMENT ON COLUMN marts.job_postings.source IS 'The source of the value';
COMMENT ON COLUMN marts.job_postings.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.job_postings.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.job_postings.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.job_postings.profile_id IS 'The profile that contains it';

CREATE TABLE marts.intent_signals (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    position BIGINT NOT NULL,
    topic VARCHAR,
    strength DOUBLE,
    observed_on DATE,
    evidence_url VARCHAR,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.intent_signals IS 'One row per sign of intent to buy in the latest profiles';
COMMENT ON COLUMN marts.intent_signals.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.intent_signals.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.intent_signals.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.intent_signals.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.intent_signals.position IS 'Position in the profile, 1 is best';
COMMENT ON COLUMN marts.intent_signals.topic IS 'What it is about';
COMMENT ON COLUMN marts.intent_signals.strength IS 'How strong, 0 to 1';
COMMENT ON COLUMN marts.intent_signals.observed_on IS 'When it was observed';
COMMENT ON COLUMN marts.intent_signals.evidence_url IS 'Its address';
COMMENT ON COLUMN marts.intent_signals.source IS 'The source of the value';
COMMENT ON COLUMN marts.intent_signals.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.intent_signals.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.intent_signals.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.intent_signals.profile_id IS 'The profile that contains it';

CREATE TABLE marts.field_provenance (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    dataset VARCHAR NOT NULL,
    required BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    served BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    value VARCHAR,
    value_json VARCHAR NOT NULL,
    disputed BOOLEAN NOT NULL,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    reliability DOUBLE NOT NULL,
    last_resort BOOLEAN NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    age_seconds BIGINT NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    expired BOOLEAN NOT NULL,
    reply_id VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    purchase_id VARCHAR NOT NULL,
    cost_usd DECIMAL(18, 6) NOT NULL,
    paid_by VARCHAR,
    paid_by_consumer VARCHAR,
    profile_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.field_provenance IS 'One row per value in the latest profiles, values that were not served included: its source and its cost';
COMMENT ON COLUMN marts.field_provenance.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.field_provenance.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.field_provenance.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.field_provenance.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.field_provenance.dataset IS 'The dataset it is a value of';
COMMENT ON COLUMN marts.field_provenance.required IS 'Whether the consumer requires the dataset';
COMMENT ON COLUMN marts.field_provenance.status IS 'Status of the dataset: satisfied, empty, last resort, expired, partial or missing';
COMMENT ON COLUMN marts.field_provenance.served IS 'True: served; false: another value was better, this one is kept to be seen';
COMMENT ON COLUMN marts.field_provenance.position IS 'Position among the served values, or among the others; 1 is best';
COMMENT ON COLUMN marts.field_provenance.value IS 'The value in words';
COMMENT ON COLUMN marts.field_provenance.value_json IS 'JSON text: all its fields';
COMMENT ON COLUMN marts.field_provenance.disputed IS 'Sources contradict each other about this dataset';
COMMENT ON COLUMN marts.field_provenance.source IS 'The source, or the analysis, that gave it';
COMMENT ON COLUMN marts.field_provenance.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.field_provenance.reliability IS 'Reliability of such a value of this source by the rules, 0 to 1';
COMMENT ON COLUMN marts.field_provenance.last_resort IS 'Bought below the quality threshold because all other sources failed';
COMMENT ON COLUMN marts.field_provenance.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN marts.field_provenance.age_seconds IS 'Its age in seconds when the profile was made';
COMMENT ON COLUMN marts.field_provenance.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN marts.field_provenance.expired IS 'No longer valid when the profile was made, but accepted by the request';
COMMENT ON COLUMN marts.field_provenance.reply_id IS 'The reply it was read from';
COMMENT ON COLUMN marts.field_provenance.evidence IS 'Its path in that reply';
COMMENT ON COLUMN marts.field_provenance.purchase_id IS 'The purchase that paid for that reply';
COMMENT ON COLUMN marts.field_provenance.cost_usd IS 'What that purchase cost, for all its values together';
COMMENT ON COLUMN marts.field_provenance.paid_by IS 'The request that paid';
COMMENT ON COLUMN marts.field_provenance.paid_by_consumer IS 'The consumer that paid';
COMMENT ON COLUMN marts.field_provenance.profile_id IS 'The profile that contains it';
