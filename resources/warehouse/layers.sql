-- The three layers as stored: raw replies (2), analyses (3), profiles (1). Times are UTC.

CREATE SCHEMA IF NOT EXISTS layers;

CREATE TABLE layers.replies (
    reply_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    source VARCHAR NOT NULL,
    variant VARCHAR NOT NULL,
    topic VARCHAR NOT NULL,
    found BOOLEAN NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    cost_usd DECIMAL(18, 6) NOT NULL,
    purchase_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    reader_version BIGINT NOT NULL,
    payload VARCHAR NOT NULL
);
COMMENT ON TABLE layers.replies IS 'Layer 2: one row per raw answer of a source about a company, "knows nothing" included';
COMMENT ON COLUMN layers.replies.reply_id IS 'The reply';
COMMENT ON COLUMN layers.replies.company_id IS 'The company; never changes';
COMMENT ON COLUMN layers.replies.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN layers.replies.source IS 'The source that answered';
COMMENT ON COLUMN layers.replies.variant IS 'The form of the question';
COMMENT ON COLUMN layers.replies.topic IS 'What in particular was asked, such as a part of a research question; empty: nothing';
COMMENT ON COLUMN layers.replies.found IS 'False: the source knows nothing of this company';
COMMENT ON COLUMN layers.replies.collected_at IS 'When it was received, UTC';
COMMENT ON COLUMN layers.replies.expires_at IS 'Valid until then, by the time to live of its source, UTC';
COMMENT ON COLUMN layers.replies.cost_usd IS 'What its purchase cost, exact';
COMMENT ON COLUMN layers.replies.purchase_id IS 'The purchase that paid for it';
COMMENT ON COLUMN layers.replies.request_id IS 'The request that paid for it';
COMMENT ON COLUMN layers.replies.reader_version IS 'Version of the reader that read its facts; 0: it was not read yet';
COMMENT ON COLUMN layers.replies.payload IS 'JSON text: step -> the body as the vendor sent it';

CREATE TABLE layers.analyses (
    analysis_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    name VARCHAR NOT NULL,
    audience VARCHAR,
    model VARCHAR NOT NULL,
    claims_kept BIGINT NOT NULL,
    claims_dropped BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    purchase_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    evidence_key VARCHAR NOT NULL,
    answer VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL
);
COMMENT ON TABLE layers.analyses IS 'Layer 3: one row per typed answer of a language model over evidence';
COMMENT ON COLUMN layers.analyses.analysis_id IS 'The analysis';
COMMENT ON COLUMN layers.analyses.company_id IS 'The company; never changes';
COMMENT ON COLUMN layers.analyses.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN layers.analyses.name IS 'Which analysis, as in config/analyses.yaml';
COMMENT ON COLUMN layers.analyses.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN layers.analyses.model IS 'The language model that answered';
COMMENT ON COLUMN layers.analyses.claims_kept IS 'Claims with their quote in the evidence';
COMMENT ON COLUMN layers.analyses.claims_dropped IS 'Claims dropped because their quote is not in the evidence';
COMMENT ON COLUMN layers.analyses.created_at IS 'When it was answered, UTC';
COMMENT ON COLUMN layers.analyses.purchase_id IS 'The purchase that paid for it';
COMMENT ON COLUMN layers.analyses.request_id IS 'The request that paid for it';
COMMENT ON COLUMN layers.analyses.evidence_key IS 'Digest of evidence, prompt, model and answer type; the same key is never paid for twice';
COMMENT ON COLUMN layers.analyses.answer IS 'JSON text: the typed answer';
COMMENT ON COLUMN layers.analyses.evidence IS 'JSON text: evidence id -> the text given to the model';

CREATE TABLE layers.profiles (
    profile_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    quality DOUBLE NOT NULL,
    completeness DOUBLE NOT NULL,
    confidence VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    request_id VARCHAR NOT NULL,
    requirements_hash VARCHAR NOT NULL,
    rules_hash VARCHAR NOT NULL,
    document VARCHAR NOT NULL
);
COMMENT ON TABLE layers.profiles IS 'Layer 1: one row per assembled profile; the marts have the latest of each company, consumer and audience';
COMMENT ON COLUMN layers.profiles.profile_id IS 'The profile';
COMMENT ON COLUMN layers.profiles.company_id IS 'The company; never changes';
COMMENT ON COLUMN layers.profiles.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN layers.profiles.consumer IS 'The consumer it was made for';
COMMENT ON COLUMN layers.profiles.audience IS 'The vendor it was written for, or null';
COMMENT ON COLUMN layers.profiles.quality IS 'completeness^0.5 x freshness^0.2 x reliability^0.3 when it was made';
COMMENT ON COLUMN layers.profiles.completeness IS 'Satisfied datasets divided by requested ones; required ones count twice';
COMMENT ON COLUMN layers.profiles.confidence IS 'High, Medium or Low';
COMMENT ON COLUMN layers.profiles.created_at IS 'When it was assembled, UTC';
COMMENT ON COLUMN layers.profiles.holds_until IS 'It may be served again unchanged until then, UTC';
COMMENT ON COLUMN layers.profiles.request_id IS 'The request it was made for';
COMMENT ON COLUMN layers.profiles.requirements_hash IS 'Digest of the requirements it was made for';
COMMENT ON COLUMN layers.profiles.rules_hash IS 'Digest of all rules in force';
COMMENT ON COLUMN layers.profiles.document IS 'JSON text: the whole profile';
