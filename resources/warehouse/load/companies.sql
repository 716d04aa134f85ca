DELETE FROM build.companies WHERE company_id IN (SELECT company_id FROM changed_rows);
INSERT INTO build.companies BY NAME SELECT company_id, key, name, domain, created_at FROM changed_rows;
INSERT INTO affected SELECT company_id FROM changed_rows;
