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

CREATE TABLE build.decisions (
    decision_id BIGINT NOT NULL,
    request_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    open_datasets VARCHAR[] NOT NULL,
    missed VARCHAR[] NOT NULL,
    alternatives VARCHAR[] NOT NULL,
    chosen VARCHAR[] NOT NULL,
    chance DOUBLE NOT NULL,
    industry_group VARCHAR,
    size_band VARCHAR,
    country VARCHAR
);
COMMENT ON TABLE build.decisions IS 'Every decision of a policy; sources.decisions says what came of it';
COMMENT ON COLUMN build.decisions.decision_id IS 'Number of the decision in the store';
COMMENT ON COLUMN build.decisions.request_id IS 'The request it was made in';
COMMENT ON COLUMN build.decisions."at" IS 'When it was made, UTC';
COMMENT ON COLUMN build.decisions.open_datasets IS 'Datasets of its part of the plan that were not satisfied then';
COMMENT ON COLUMN build.decisions.missed IS 'Sources that had answered that they do not know the company';
COMMENT ON COLUMN build.decisions.alternatives IS 'Sources that it could ask; it could also stop, unless a required dataset could still be satisfied';
COMMENT ON COLUMN build.decisions.chosen IS 'Sources that it asked together; none: it stopped';
COMMENT ON COLUMN build.decisions.chance IS 'The probability with which it was made; 1 where nothing is random';
COMMENT ON COLUMN build.decisions.industry_group IS 'The main group of the company''s industry, as it was known then; null: not known';
COMMENT ON COLUMN build.decisions.size_band IS 'The company''s size, as it was known then; null: not known';
COMMENT ON COLUMN build.decisions.country IS 'The company''s country, ISO 3166-1 alpha-2, as it was known then; null: not known';

CREATE TABLE build.verdicts (
    verdict_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    wrong_value VARCHAR,
    right_value VARCHAR,
    because VARCHAR NOT NULL,
    sources VARCHAR NOT NULL,
    "by" VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    withdrawn_at TIMESTAMP,
    withdrawn_by VARCHAR
);
COMMENT ON TABLE build.verdicts IS 'Every verdict of a person on a value; marts are computed from those that are not withdrawn';
COMMENT ON COLUMN build.verdicts.verdict_id IS 'The verdict';
COMMENT ON COLUMN build.verdicts.company_id IS 'The company it is about';
COMMENT ON COLUMN build.verdicts.dataset IS 'The dataset it is about';
COMMENT ON COLUMN build.verdicts.wrong_value IS 'JSON text: the value that is wrong; null: nothing was known';
COMMENT ON COLUMN build.verdicts.right_value IS 'JSON text: the value that is right; null: that is not known';
COMMENT ON COLUMN build.verdicts.because IS 'Why, in the words of the person';
COMMENT ON COLUMN build.verdicts.sources IS 'JSON text: the sources that had given the wrong value';
COMMENT ON COLUMN build.verdicts."by" IS 'The command line, or the key of the service';
COMMENT ON COLUMN build.verdicts."at" IS 'When it was given, UTC';
COMMENT ON COLUMN build.verdicts.withdrawn_at IS 'When it was taken back, UTC; null: it counts';
COMMENT ON COLUMN build.verdicts.withdrawn_by IS 'What took it back';
