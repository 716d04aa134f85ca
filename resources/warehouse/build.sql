-- What the build keeps for itself, in the published file too: state, and what marts and sources are computed from.

CREATE SCHEMA IF NOT EXISTS build;

CREATE TABLE build.state (world VARCHAR NOT NULL, shape VARCHAR NOT NULL, origin VARCHAR, mark BIGINT NOT NULL, number BIGINT NOT NULL);
COMMENT ON TABLE build.state IS 'One row: which store this was built from, and up to where';
COMMENT ON COLUMN build.state.world IS 'sandbox or live: worlds never mix';
COMMENT ON COLUMN build.state.shape IS 'Digest of the SQL that made these tables; another one means building anew';
COMMENT ON COLUMN build.state.origin IS 'The first company id of the store: tells two stores of one world apart';
COMMENT ON COLUMN build.state.mark IS 'The change mark of the store up to which its rows are in';
COMMENT ON COLUMN build.state.number IS 'How many builds have changed this file';

CREATE TABLE build.companies (company_id VARCHAR NOT NULL, key VARCHAR NOT NULL, name VARCHAR, domain VARCHAR, created_at TIMESTAMP NOT NULL);
COMMENT ON TABLE build.companies IS 'Every company of the store, enriched or not';
COMMENT ON COLUMN build.companies.company_id IS 'Never changes';
COMMENT ON COLUMN build.companies.key IS 'What people call it: the registrable domain, or name:... while none is known';
COMMENT ON COLUMN build.companies.name IS 'Its name, as asked for or learned';
COMMENT ON COLUMN build.companies.domain IS 'Its registrable domain';
COMMENT ON COLUMN build.companies.created_at IS 'When it was first asked for, UTC';

CREATE TABLE build.facts (
    fact_id BIGINT NOT NULL, reply_id VARCHAR NOT NULL, purchase_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, quality DOUBLE NOT NULL
);
COMMENT ON TABLE build.facts IS 'Every fact read from replies and analyses, without its value: what sources.performance counts';
COMMENT ON COLUMN build.facts.fact_id IS 'Number of the fact in the store';
COMMENT ON COLUMN build.facts.reply_id IS 'The reply it was read from';
COMMENT ON COLUMN build.facts.purchase_id IS 'The purchase that paid for it';
COMMENT ON COLUMN build.facts.source IS 'The source or analysis that says so';
COMMENT ON COLUMN build.facts.dataset IS 'The dataset it is a value of';
COMMENT ON COLUMN build.facts.quality IS 'Reliability x completeness of its fields, 0 to 1';
