DELETE FROM layers.profiles WHERE profile_id IN (SELECT profile_id FROM changed_rows);
INSERT INTO layers.profiles BY NAME
SELECT
    profile_id, company_id, c.key AS company_key, consumer, audience, quality, completeness, confidence,
    a.created_at, holds_until, request_id, requirements_hash, rules_hash, document
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
INSERT INTO affected SELECT company_id FROM changed_rows;
