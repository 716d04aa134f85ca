DELETE FROM build.decisions WHERE decision_id IN (SELECT decision_id FROM changed_rows);
INSERT INTO build.decisions BY NAME
SELECT
    decision_id, request_id, "at", from_json(open_datasets, '["VARCHAR"]') AS open_datasets,
    from_json(missed, '["VARCHAR"]') AS missed, from_json(alternatives, '["VARCHAR"]') AS alternatives,
    from_json(chosen, '["VARCHAR"]') AS chosen, chance, industry_group, size_band, country
FROM changed_rows;
