DELETE FROM build.companies WHERE company_id IN (SELECT company_id FROM arriving);
INSERT INTO build.companies BY NAME SELECT company_id, key, name, domain, created_at FROM arriving;
INSERT INTO affected SELECT company_id FROM arriving;
