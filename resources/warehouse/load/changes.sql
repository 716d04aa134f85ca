DELETE FROM marts.changes WHERE change_id IN (SELECT change_id FROM changed_rows);
INSERT INTO marts.changes BY NAME
SELECT
    a.company_id, c.key AS company_key, a.dataset, a.kind, in_words(a.dataset, CAST(a."before" AS JSON)) AS previous_value,
    in_words(a.dataset, CAST(a."after" AS JSON)) AS value, a."before" AS previous_json, a."after" AS value_json,
    a.since, a."at" AS found_at, a.source, a.why, a.reply_id, a.evidence, a.consumer, a.audience, a.profile_id,
    a.request_id, a.change_id
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
INSERT INTO affected SELECT company_id FROM changed_rows;
