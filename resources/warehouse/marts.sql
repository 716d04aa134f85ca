-- The tables to start from. Times are UTC.
--   companies, contacts, technologies, news, ...: what is known, once per company, with the profiles that use it
--   company_profiles, field_provenance: the latest profile of each company, consumer and audience
--   history: the same values through time

CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE marts.companies (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    name VARCHAR,
    domain VARCHAR,
    industry VARCHAR,
    canonical_industry VARCHAR,
    industry_group VARCHAR,
    city VARCHAR,
    region VARCHAR,
    country VARCHAR,
    founded BIGINT,
    employees_low BIGINT,
    employees_high BIGINT,
    size_band VARCHAR,
    revenue BIGINT,
    revenue_currency VARCHAR,
    revenue_year BIGINT,
    description VARCHAR,
    contacts BIGINT NOT NULL,
    technologies BIGINT NOT NULL,
    news BIGINT NOT NULL,
    job_postings BIGINT NOT NULL,
    intent_signals BIGINT NOT NULL,
    fields MAP(VARCHAR, STRUCT(source VARCHAR, quality DOUBLE, collected_at TIMESTAMP, holds_until TIMESTAMP)) NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL,
    registered_at TIMESTAMP NOT NULL,
    collected_at TIMESTAMP
);
COMMENT ON TABLE marts.companies IS 'One row per registered company, enriched or not: the best value that is known of each field';
COMMENT ON COLUMN marts.companies.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.companies.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.companies.name IS 'Name as found, else as asked for';
COMMENT ON COLUMN marts.companies.domain IS 'Its registrable domain';
COMMENT ON COLUMN marts.companies.industry IS 'Industry, in the words of the source';
COMMENT ON COLUMN marts.companies.canonical_industry IS 'The industry in the words of LinkedIn''s 147 published ones; null: none fits';
COMMENT ON COLUMN marts.companies.industry_group IS 'The main group of that industry, such as tech, fin or man';
COMMENT ON COLUMN marts.companies.city IS 'City of its headquarters';
COMMENT ON COLUMN marts.companies.region IS 'State or region of its headquarters, as the source writes it';
COMMENT ON COLUMN marts.companies.country IS 'Country of its headquarters, ISO 3166-1 alpha-2';
COMMENT ON COLUMN marts.companies.founded IS 'Year of founding';
COMMENT ON COLUMN marts.companies.employees_low IS 'Employees, at least; an exact number has low = high';
COMMENT ON COLUMN marts.companies.employees_high IS 'Employees, at most; null: no upper end, or not known';
COMMENT ON COLUMN marts.companies.size_band IS 'Its size as one of 1-10, 11-50, 51-500, 501-1000, 1001-5000, 5001-10000, 10001+';
COMMENT ON COLUMN marts.companies.revenue IS 'What it sells in a year, in whole units of revenue_currency';
COMMENT ON COLUMN marts.companies.revenue_currency IS 'ISO 4217';
COMMENT ON COLUMN marts.companies.revenue_year IS 'The business year of revenue, where the source states it';
COMMENT ON COLUMN marts.companies.description IS 'What it does';
COMMENT ON COLUMN marts.companies.contacts IS 'Rows in marts.contacts';
COMMENT ON COLUMN marts.companies.technologies IS 'Rows in marts.technologies';
COMMENT ON COLUMN marts.companies.news IS 'Rows in marts.news';
COMMENT ON COLUMN marts.companies.job_postings IS 'Rows in marts.job_postings';
COMMENT ON COLUMN marts.companies.intent_signals IS 'Rows in marts.intent_signals';
COMMENT ON COLUMN marts.companies.fields IS 'Dataset -> where the value shown here is from, how good it is, how old, and until when it is fresh';
COMMENT ON COLUMN marts.companies.consumers IS 'Consumers with a latest profile of it; empty: it was only registered, or asked for in other ways';
COMMENT ON COLUMN marts.companies.profiles IS 'Its latest profiles';
COMMENT ON COLUMN marts.companies.registered_at IS 'When it was added, UTC';
COMMENT ON COLUMN marts.companies.collected_at IS 'When anything was collected of it last, UTC; null: nothing was';

CREATE TABLE marts.company_profiles (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    name VARCHAR,
    domain VARCHAR,
    industry VARCHAR,
    canonical_industry VARCHAR,
    industry_group VARCHAR,
    city VARCHAR,
    region VARCHAR,
    country VARCHAR,
    founded BIGINT,
    employees_low BIGINT,
    employees_high BIGINT,
    size_band VARCHAR,
    revenue BIGINT,
    revenue_currency VARCHAR,
    revenue_year BIGINT,
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
COMMENT ON TABLE marts.company_profiles IS 'One row per company, consumer and audience: their latest profile; refused and custom requests left out';
COMMENT ON COLUMN marts.company_profiles.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.company_profiles.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.company_profiles.consumer IS 'The consumer the profile was made for';
COMMENT ON COLUMN marts.company_profiles.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.company_profiles.name IS 'Name as served, else as asked for';
COMMENT ON COLUMN marts.company_profiles.domain IS 'Domain as served, else as asked for';
COMMENT ON COLUMN marts.company_profiles.industry IS 'Industry, in the words of the vendor';
COMMENT ON COLUMN marts.company_profiles.canonical_industry IS 'The industry in the words of LinkedIn''s 147 published ones; null: none fits';
COMMENT ON COLUMN marts.company_profiles.industry_group IS 'The main group of that industry, such as tech, fin or man';
COMMENT ON COLUMN marts.company_profiles.city IS 'City of its headquarters';
COMMENT ON COLUMN marts.company_profiles.region IS 'State or region of its headquarters, as the source writes it';
COMMENT ON COLUMN marts.company_profiles.country IS 'Country of its headquarters, ISO 3166-1 alpha-2';
COMMENT ON COLUMN marts.company_profiles.founded IS 'Year of founding';
COMMENT ON COLUMN marts.company_profiles.employees_low IS 'Employees, at least; an exact number has low = high';
COMMENT ON COLUMN marts.company_profiles.employees_high IS 'Employees, at most; null: no upper end, or not known';
COMMENT ON COLUMN marts.company_profiles.size_band IS 'Its size as one of 1-10, 11-50, 51-500, 501-1000, 1001-5000, 5001-10000, 10001+';
COMMENT ON COLUMN marts.company_profiles.revenue IS 'What it sells in a year, in whole units of revenue_currency';
COMMENT ON COLUMN marts.company_profiles.revenue_currency IS 'ISO 4217';
COMMENT ON COLUMN marts.company_profiles.revenue_year IS 'The business year of revenue, where the source states it';
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
    sources VARCHAR[] NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    still_seen BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL
);
COMMENT ON TABLE marts.contacts IS 'One row per company and person, of all sources: those still seen, and those that a latest profile uses';
COMMENT ON COLUMN marts.contacts.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.contacts.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.contacts.position IS 'Position among those of the company, 1 is best: as in its profiles, then by quality';
COMMENT ON COLUMN marts.contacts.full_name IS 'Full name';
COMMENT ON COLUMN marts.contacts.title IS 'Job title';
COMMENT ON COLUMN marts.contacts.seniority IS 'c_level, vp, director, manager or staff';
COMMENT ON COLUMN marts.contacts.department IS 'Department';
COMMENT ON COLUMN marts.contacts.email IS 'E-mail address';
COMMENT ON COLUMN marts.contacts.email_status IS 'valid, unknown, not_valid or unverified';
COMMENT ON COLUMN marts.contacts.email_checked_at IS 'When the address was checked, UTC';
COMMENT ON COLUMN marts.contacts.linkedin_url IS 'LinkedIn page';
COMMENT ON COLUMN marts.contacts.source IS 'The source of these fields, the best of those that have it';
COMMENT ON COLUMN marts.contacts.sources IS 'All sources that have it';
COMMENT ON COLUMN marts.contacts.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.contacts.collected_at IS 'When these fields were collected, UTC';
COMMENT ON COLUMN marts.contacts.holds_until IS 'They are valid until then, UTC';
COMMENT ON COLUMN marts.contacts.first_seen_at IS 'When it was collected for the first time, UTC';
COMMENT ON COLUMN marts.contacts.last_seen_at IS 'When it was collected for the last time, UTC';
COMMENT ON COLUMN marts.contacts.still_seen IS 'Whether the newest reply of one of its sources still has it';
COMMENT ON COLUMN marts.contacts.consumers IS 'Consumers with it in a latest profile; empty: it is known, but no profile uses it';
COMMENT ON COLUMN marts.contacts.profiles IS 'The latest profiles that use it';

CREATE TABLE marts.technologies (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    name VARCHAR,
    category VARCHAR,
    source VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    still_seen BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL
);
COMMENT ON TABLE marts.technologies IS 'One row per company and technology, of all sources: those still seen, and those that a latest profile uses';
COMMENT ON COLUMN marts.technologies.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.technologies.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.technologies.position IS 'Position among those of the company, 1 is best: as in its profiles, then by quality';
COMMENT ON COLUMN marts.technologies.name IS 'Name of the technology';
COMMENT ON COLUMN marts.technologies.category IS 'Its category';
COMMENT ON COLUMN marts.technologies.source IS 'The source of these fields, the best of those that have it';
COMMENT ON COLUMN marts.technologies.sources IS 'All sources that have it';
COMMENT ON COLUMN marts.technologies.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.technologies.collected_at IS 'When these fields were collected, UTC';
COMMENT ON COLUMN marts.technologies.holds_until IS 'They are valid until then, UTC';
COMMENT ON COLUMN marts.technologies.first_seen_at IS 'When it was collected for the first time, UTC';
COMMENT ON COLUMN marts.technologies.last_seen_at IS 'When it was collected for the last time, UTC';
COMMENT ON COLUMN marts.technologies.still_seen IS 'Whether the newest reply of one of its sources still has it';
COMMENT ON COLUMN marts.technologies.consumers IS 'Consumers with it in a latest profile; empty: it is known, but no profile uses it';
COMMENT ON COLUMN marts.technologies.profiles IS 'The latest profiles that use it';

CREATE TABLE marts.news (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    title VARCHAR,
    url VARCHAR,
    publisher VARCHAR,
    published_at TIMESTAMP,
    summary VARCHAR,
    source VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    still_seen BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL
);
COMMENT ON TABLE marts.news IS 'One row per company and story, of all sources and times';
COMMENT ON COLUMN marts.news.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.news.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.news.position IS 'Position among those of the company, 1 is best: as in its profiles, then by quality';
COMMENT ON COLUMN marts.news.title IS 'Headline';
COMMENT ON COLUMN marts.news.url IS 'Its address';
COMMENT ON COLUMN marts.news.publisher IS 'The publisher';
COMMENT ON COLUMN marts.news.published_at IS 'When it was published, UTC';
COMMENT ON COLUMN marts.news.summary IS 'Its snippet or summary';
COMMENT ON COLUMN marts.news.source IS 'The source of these fields, the best of those that have it';
COMMENT ON COLUMN marts.news.sources IS 'All sources that have it';
COMMENT ON COLUMN marts.news.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.news.collected_at IS 'When these fields were collected, UTC';
COMMENT ON COLUMN marts.news.holds_until IS 'They are valid until then, UTC';
COMMENT ON COLUMN marts.news.first_seen_at IS 'When it was collected for the first time, UTC';
COMMENT ON COLUMN marts.news.last_seen_at IS 'When it was collected for the last time, UTC';
COMMENT ON COLUMN marts.news.still_seen IS 'Whether the newest reply of one of its sources still has it';
COMMENT ON COLUMN marts.news.consumers IS 'Consumers with it in a latest profile; empty: it is known, but no profile uses it';
COMMENT ON COLUMN marts.news.profiles IS 'The latest profiles that use it';

CREATE TABLE marts.job_postings (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    title VARCHAR,
    location VARCHAR,
    url VARCHAR,
    posted_on DATE,
    text VARCHAR,
    source VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    still_seen BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL
);
COMMENT ON TABLE marts.job_postings IS 'One row per company and job posting, of all sources: those still seen, and those that a latest profile uses';
COMMENT ON COLUMN marts.job_postings.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.job_postings.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.job_postings.position IS 'Position among those of the company, 1 is best: as in its profiles, then by quality';
COMMENT ON COLUMN marts.job_postings.title IS 'Job title';
COMMENT ON COLUMN marts.job_postings.location IS 'Place of work';
COMMENT ON COLUMN marts.job_postings.url IS 'Its address';
COMMENT ON COLUMN marts.job_postings.posted_on IS 'When it was posted';
COMMENT ON COLUMN marts.job_postings.text IS 'Its text';
COMMENT ON COLUMN marts.job_postings.source IS 'The source of these fields, the best of those that have it';
COMMENT ON COLUMN marts.job_postings.sources IS 'All sources that have it';
COMMENT ON COLUMN marts.job_postings.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.job_postings.collected_at IS 'When these fields were collected, UTC';
COMMENT ON COLUMN marts.job_postings.holds_until IS 'They are valid until then, UTC';
COMMENT ON COLUMN marts.job_postings.first_seen_at IS 'When it was collected for the first time, UTC';
COMMENT ON COLUMN marts.job_postings.last_seen_at IS 'When it was collected for the last time, UTC';
COMMENT ON COLUMN marts.job_postings.still_seen IS 'Whether the newest reply of one of its sources still has it';
COMMENT ON COLUMN marts.job_postings.consumers IS 'Consumers with it in a latest profile; empty: it is known, but no profile uses it';
COMMENT ON COLUMN marts.job_postings.profiles IS 'The latest profiles that use it';

CREATE TABLE marts.intent_signals (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    topic VARCHAR,
    strength DOUBLE,
    observed_on DATE,
    evidence_url VARCHAR,
    source VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    still_seen BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL
);
COMMENT ON TABLE marts.intent_signals IS 'One row per company and sign of intent to buy, of all sources and times';
COMMENT ON COLUMN marts.intent_signals.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.intent_signals.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.intent_signals.position IS 'Position among those of the company, 1 is best: as in its profiles, then by quality';
COMMENT ON COLUMN marts.intent_signals.topic IS 'What it is about';
COMMENT ON COLUMN marts.intent_signals.strength IS 'How strong, 0 to 1';
COMMENT ON COLUMN marts.intent_signals.observed_on IS 'When it was observed';
COMMENT ON COLUMN marts.intent_signals.evidence_url IS 'Its address';
COMMENT ON COLUMN marts.intent_signals.source IS 'The source of these fields, the best of those that have it';
COMMENT ON COLUMN marts.intent_signals.sources IS 'All sources that have it';
COMMENT ON COLUMN marts.intent_signals.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.intent_signals.collected_at IS 'When these fields were collected, UTC';
COMMENT ON COLUMN marts.intent_signals.holds_until IS 'They are valid until then, UTC';
COMMENT ON COLUMN marts.intent_signals.first_seen_at IS 'When it was collected for the first time, UTC';
COMMENT ON COLUMN marts.intent_signals.last_seen_at IS 'When it was collected for the last time, UTC';
COMMENT ON COLUMN marts.intent_signals.still_seen IS 'Whether the newest reply of one of its sources still has it';
COMMENT ON COLUMN marts.intent_signals.consumers IS 'Consumers with it in a latest profile; empty: it is known, but no profile uses it';
COMMENT ON COLUMN marts.intent_signals.profiles IS 'The latest profiles that use it';

CREATE TABLE marts.analyses (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    audience VARCHAR,
    model VARCHAR NOT NULL,
    claims BIGINT NOT NULL,
    claims_dropped BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    newest BOOLEAN NOT NULL,
    cost_usd DECIMAL(18, 6),
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL,
    answer VARCHAR NOT NULL,
    analysis_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.analyses IS 'One row per company, analysis and audience: the newest one, and older ones that a latest profile uses';
COMMENT ON COLUMN marts.analyses.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.analyses.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.analyses.name IS 'Which analysis, as in config/analyses.yaml';
COMMENT ON COLUMN marts.analyses.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.analyses.model IS 'The language model that answered';
COMMENT ON COLUMN marts.analyses.claims IS 'Number of claims, each with its quote in the evidence';
COMMENT ON COLUMN marts.analyses.claims_dropped IS 'Claims dropped because their quote does not bear them out';
COMMENT ON COLUMN marts.analyses.created_at IS 'When it was answered, UTC';
COMMENT ON COLUMN marts.analyses.newest IS 'Whether there is no newer one of this company, analysis and audience';
COMMENT ON COLUMN marts.analyses.cost_usd IS 'What it cost';
COMMENT ON COLUMN marts.analyses.consumers IS 'Consumers with it in a latest profile';
COMMENT ON COLUMN marts.analyses.profiles IS 'The latest profiles that use it';
COMMENT ON COLUMN marts.analyses.answer IS 'JSON text: the typed answer';
COMMENT ON COLUMN marts.analyses.analysis_id IS 'The analysis; its evidence is in layers.analyses';
COMMENT ON COLUMN marts.analyses.request_id IS 'The request that paid for it';

CREATE TABLE marts.claims (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    analysis VARCHAR NOT NULL,
    audience VARCHAR,
    part VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    subject VARCHAR,
    statement VARCHAR,
    quote VARCHAR NOT NULL,
    evidence_id VARCHAR,
    evidence_dataset VARCHAR,
    evidence_sources VARCHAR[] NOT NULL,
    claim_json VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    newest BOOLEAN NOT NULL,
    consumers VARCHAR[] NOT NULL,
    profiles VARCHAR[] NOT NULL,
    analysis_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.claims IS 'One row per claim of the analyses in marts.analyses, with the quote that bears it out';
COMMENT ON COLUMN marts.claims.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.claims.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.claims.analysis IS 'Which analysis, as in config/analyses.yaml';
COMMENT ON COLUMN marts.claims.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN marts.claims.part IS 'The part of the answer, such as key_findings or competitors';
COMMENT ON COLUMN marts.claims.position IS 'Position in that part, 1 is first';
COMMENT ON COLUMN marts.claims.subject IS 'The person, product, company, team or kind of event it is about';
COMMENT ON COLUMN marts.claims.statement IS 'The claim in words';
COMMENT ON COLUMN marts.claims.quote IS 'The passage of the evidence, verbatim';
COMMENT ON COLUMN marts.claims.evidence_id IS 'Which piece of the evidence it is from';
COMMENT ON COLUMN marts.claims.evidence_dataset IS 'The dataset of that piece';
COMMENT ON COLUMN marts.claims.evidence_sources IS 'The sources that have that piece';
COMMENT ON COLUMN marts.claims.claim_json IS 'JSON text: all its fields';
COMMENT ON COLUMN marts.claims.created_at IS 'When it was answered, UTC';
COMMENT ON COLUMN marts.claims.newest IS 'Whether there is no newer analysis of this company, name and audience';
COMMENT ON COLUMN marts.claims.consumers IS 'Consumers with it in a latest profile';
COMMENT ON COLUMN marts.claims.profiles IS 'The latest profiles that use it';
COMMENT ON COLUMN marts.claims.analysis_id IS 'The analysis it is from';

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
    rejected_by VARCHAR,
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
COMMENT ON COLUMN marts.field_provenance.rejected_by IS 'The verdict that says it is wrong; null: none does';
COMMENT ON COLUMN marts.field_provenance.profile_id IS 'The profile that contains it';

CREATE TABLE marts.history (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    listed BOOLEAN NOT NULL,
    value VARCHAR,
    value_json VARCHAR NOT NULL,
    previous_value VARCHAR,
    valid_from TIMESTAMP NOT NULL,
    valid_to TIMESTAMP,
    source VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    last_resort BOOLEAN NOT NULL,
    reply_id VARCHAR NOT NULL,
    purchase_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.history IS 'One row per company, dataset, value and time: what was known from valid_from until valid_to';
COMMENT ON COLUMN marts.history.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.history.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.history.dataset IS 'The dataset it is a value of';
COMMENT ON COLUMN marts.history.listed IS 'True: one of several items; false: the best value of a dataset that has one';
COMMENT ON COLUMN marts.history.value IS 'The value in words';
COMMENT ON COLUMN marts.history.value_json IS 'JSON text: all its fields, as collected last';
COMMENT ON COLUMN marts.history.previous_value IS 'The value before it, where it took its place without a gap; null for an item of a list, and where another source states the same in other words';
COMMENT ON COLUMN marts.history.valid_from IS 'It was collected, or became the best value, then, UTC';
COMMENT ON COLUMN marts.history.valid_to IS 'Another value took its place then, or the newest replies had it no longer, UTC; null: it is known still';
COMMENT ON COLUMN marts.history.source IS 'The source of the value';
COMMENT ON COLUMN marts.history.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN marts.history.collected_at IS 'When it was collected last within that time, UTC';
COMMENT ON COLUMN marts.history.holds_until IS 'Fresh until then, UTC; an older value is known still, but no profile serves it';
COMMENT ON COLUMN marts.history.last_resort IS 'Its source is below the quality threshold of the dataset';
COMMENT ON COLUMN marts.history.reply_id IS 'The reply, or the analysis, it was read from';
COMMENT ON COLUMN marts.history.purchase_id IS 'The purchase that paid for that reply';

CREATE TABLE marts.verdicts (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    wrong VARCHAR,
    "right" VARCHAR,
    because VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL,
    judged_by VARCHAR NOT NULL,
    judged_at TIMESTAMP NOT NULL,
    withdrawn_at TIMESTAMP,
    verdict_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.verdicts IS 'One row per verdict of a person on a value: it wins over vendors until it is withdrawn';
COMMENT ON COLUMN marts.verdicts.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.verdicts.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.verdicts.dataset IS 'The dataset it is about';
COMMENT ON COLUMN marts.verdicts.wrong IS 'The value that is wrong, in words; null: nothing was known';
COMMENT ON COLUMN marts.verdicts."right" IS 'The value that is right, in words; null: that is not known';
COMMENT ON COLUMN marts.verdicts.because IS 'Why, in the words of the person';
COMMENT ON COLUMN marts.verdicts.sources IS 'The sources that had given the wrong value';
COMMENT ON COLUMN marts.verdicts.judged_by IS 'The command line, or the key of the service';
COMMENT ON COLUMN marts.verdicts.judged_at IS 'When it was given, UTC';
COMMENT ON COLUMN marts.verdicts.withdrawn_at IS 'When it was taken back, UTC; null: it counts';
COMMENT ON COLUMN marts.verdicts.verdict_id IS 'The verdict';

CREATE TABLE marts.changes (
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    dataset VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    previous_value VARCHAR,
    value VARCHAR,
    previous_json VARCHAR,
    value_json VARCHAR,
    since TIMESTAMP NOT NULL,
    found_at TIMESTAMP NOT NULL,
    source VARCHAR NOT NULL,
    why VARCHAR NOT NULL,
    reply_id VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    profile_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    change_id VARCHAR NOT NULL
);
COMMENT ON TABLE marts.changes IS 'One row per field of a profile that a refresh found different: what to act on; another spelling is none';
COMMENT ON COLUMN marts.changes.company_id IS 'The company; never changes';
COMMENT ON COLUMN marts.changes.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN marts.changes.dataset IS 'The dataset that changed';
COMMENT ON COLUMN marts.changes.kind IS 'changed; of a list also added or removed';
COMMENT ON COLUMN marts.changes.previous_value IS 'The value before, in words; null: an item that is new';
COMMENT ON COLUMN marts.changes.value IS 'The value now, in words; null: an item that is gone';
COMMENT ON COLUMN marts.changes.previous_json IS 'JSON text: all fields of the value before';
COMMENT ON COLUMN marts.changes.value_json IS 'JSON text: all fields of the value now';
COMMENT ON COLUMN marts.changes.since IS 'When the reply that shows it was collected, UTC';
COMMENT ON COLUMN marts.changes.found_at IS 'When the profile that has it was made, UTC';
COMMENT ON COLUMN marts.changes.source IS 'The source that shows it';
COMMENT ON COLUMN marts.changes.why IS 'Why it counts as a change';
COMMENT ON COLUMN marts.changes.reply_id IS 'The reply that shows it';
COMMENT ON COLUMN marts.changes.evidence IS 'Where in that reply';
COMMENT ON COLUMN marts.changes.consumer IS 'The consumer whose profile was the first to have it';
COMMENT ON COLUMN marts.changes.audience IS 'The vendor that profile was written for, or null';
COMMENT ON COLUMN marts.changes.profile_id IS 'That profile';
COMMENT ON COLUMN marts.changes.request_id IS 'The request that made it';
COMMENT ON COLUMN marts.changes.change_id IS 'The change';
