DELETE FROM build.facts WHERE fact_id IN (SELECT fact_id FROM arriving);
INSERT INTO build.facts BY NAME SELECT fact_id, reply_id, purchase_id, source, dataset, quality FROM arriving;
