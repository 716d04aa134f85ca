-- What a build uses besides the tables of the file: nothing of it is published.

CREATE OR REPLACE TEMP TABLE affected (company_id VARCHAR);

CREATE OR REPLACE TEMP MACRO usd(micro) AS CAST(micro * 0.000001 AS DECIMAL(18, 6));
CREATE OR REPLACE TEMP MACRO words_of(text) AS array_to_string(regexp_extract_all(lower(text), '[\p{L}\p{N}_]+'), ' ');
CREATE OR REPLACE TEMP MACRO has_a_mart_of_items(dataset) AS
    dataset IN ('key_contacts', 'tech_stack', 'recent_news', 'hiring_trends', 'purchase_intent');
CREATE OR REPLACE TEMP MACRO has_one_value(dataset) AS dataset IN (
    'company_name', 'domain', 'company_description', 'industry', 'employee_count', 'headquarters', 'founded', 'revenue',
    'company_size_band'
);

-- Equal for two values that speak of the same item, as identity() of enrichment/domain/values.py: spelling does not count.
CREATE OR REPLACE TEMP MACRO item_of(dataset, value) AS coalesce(nullif(words_of(CASE dataset
    WHEN 'key_contacts' THEN value->>'full_name'
    WHEN 'recent_news' THEN value->>'title'
    WHEN 'hiring_trends' THEN concat(value->>'title', ' in ', value->>'location')
    WHEN 'tech_stack' THEN value->>'name'
    WHEN 'purchase_intent' THEN value->>'topic'
    WHEN 'headquarters' THEN concat_ws(' in ', value->>'city', value->>'country')
    ELSE coalesce(value->>'statement', value->>'text')
END), ''), CAST(value AS VARCHAR));

CREATE OR REPLACE TEMP MACRO in_words(dataset, value) AS CASE
    WHEN dataset = 'employee_count' THEN concat(
        value->>'low', CASE WHEN value->>'high' IS NULL THEN '+' WHEN value->>'high' <> value->>'low' THEN '-' || (value->>'high') END
    )
    WHEN dataset = 'key_contacts' THEN concat_ws(', ', value->>'full_name', value->>'title')
    WHEN dataset = 'headquarters' THEN concat_ws(', ', value->>'city', value->>'region', value->>'country')
    WHEN dataset = 'revenue' THEN concat(value->>'low', ' ', value->>'currency', ' (' || (value->>'year') || ')')
    ELSE coalesce(
        value->>'statement', value->>'name', value->>'title', value->>'topic', value->>'text', value->>'band',
        value->>'year', CAST(value AS VARCHAR)
    )
END;
