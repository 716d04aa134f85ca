DELETE FROM build.facts WHERE fact_id IN (SELECT fact_id FROM changed_rows);
INSERT INTO build.facts BY NAME FROM changed_rows;
INSERT INTO affected SELECT DISTINCT company_id FROM changed_rows;
