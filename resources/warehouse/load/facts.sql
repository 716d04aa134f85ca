DELETE FROM build.facts WHERE fact_id IN (SELECT fact_id FROM arriving);
INSERT INTO build.facts BY NAME FROM arriving;
