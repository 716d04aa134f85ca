DELETE FROM build.verdicts WHERE verdict_id IN (SELECT verdict_id FROM changed_rows);
INSERT INTO build.verdicts BY NAME
SELECT
    verdict_id, company_id, dataset, wrong_value, right_value, because, sources, "by", a."at", withdrawn_at, withdrawn_by
FROM changed_rows AS a;
INSERT INTO affected SELECT company_id FROM changed_rows;
