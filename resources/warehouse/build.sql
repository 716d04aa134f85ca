-- State of the incremental build, and rows that marts and sources are computed from. Part of the published file too.

CREATE SCHEMA IF NOT EXISTS build;

CREATE TABLE build.state (world VARCHAR NOT NULL, shape VARCHAR NOT NULL, origin VARCHAR, mark BIGINT NOT NULL, number BIGINT NOT NULL);
COMMENT ON TABLE build.state IS 'One row: the store this was built from, and the change mark reached';
COMMENT ON COLUMN build.state.world IS 'sandbox or live; one warehouse has one of them';
COMMENT ON COLUMN build.state.shape IS 'Digest of the SQL files; a different one means a full rebuild';
COMMENT ON COLUMN build.state.origin IS 'The lowest company_id of the store: a different one means another store';
COMMENT ON COLUMN build.state.mark IS 'Rows of the store with a lower change number are included';
COMMENT ON COLUMN build.state.number IS 'Number of builds that changed this file';

CREATE TABLE build.companies (company_id VARCHAR NOT NULL, key VARCHAR NOT NULL, name VARCHAR, domain VARCHAR, created_at TIMESTAMP NOT NULL);
COMMENT ON TABLE build.companies IS 'Every company of the store, enriched or not';
COMMENT ON COLUMN build.companies.company_id IS 'Never changes';
COMMENT ON COLUMN build.companies.key IS 'Its registrable domain, or name:... while none is known';
COMMENT ON COLUMN build.companies.name IS 'Its name, as requested or as found';
COMMENT ON COLUMN build.companies.domain IS 'Its registrable domain';
COMMENT ON COLUMN build.companies.created_at IS 'When it was added, UTC';

CREATE TABLE build.facts (
    fact_id BIGINT NOT NULL,
    company_id VARCHAR NOT NULL,
    reply_id VARCHAR NOT NULL,
    purchase_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    quality DOUBLE NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    last_resort BOOLEAN NOT NULL
);
COMMENT ON TABLE build.facts IS 'Every fact read from replies and analyses; marts and sources.performance are computed from it';
COMMENT ON COLUMN build.facts.fact_id IS 'Number of the fact in the store';
COMMENT ON COLUMN build.facts.company_id IS 'The company it is about';
COMMENT ON COLUMN build.facts.reply_id IS 'The reply, or the analysis, it was read from';
COMMENT ON COLUMN build.facts.purchase_id IS 'The purchase that paid for it';
COMMENT ON COLUMN build.facts.source IS 'The source or analysis that gave it';
COMMENT ON COLUMN build.facts.dataset IS 'The dataset it is a value of';
COMMENT ON COLUMN build.facts.value IS 'JSON text: all its fields';
COMMENT ON COLUMN build.facts.quality IS 'Reliability x completeness of its fields, 0 to 1';
COMMENT ON COLUMN build.facts.collected_at IS 'When it was collected, UTC';
COMMENT ON COLUMN build.facts.holds_until IS 'Valid until then, UTC';
COMMENT ON COLUMN build.facts.last_resort IS 'Its source is below the quality threshold of the dataset';
