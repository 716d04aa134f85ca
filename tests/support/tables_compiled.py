"""Compiles the tables of the readers and reads the rules, once: processes forked from the importing one have them.

A process that reads its first contacts, records and pages spends more on that than on all the rest of a request.
"""

from enrichment.identity.territory_names import territory_named
from enrichment.rules import load_rules
from tests.support.examples import FROZEN
from tests.support.parsed_replies import facts_of, page, sample

_PERSON = {"name": "Ann Example", "title": "VP of Sales", "organization": {"primary_domain": "acme.com"}}

facts_of("brightdata_company_db", {"records": sample("records/linkedin_companies.json")}, name="StalkIt")
facts_of("brightdata_firmographics", {"records": sample("records/crunchbase_companies.json")}, name="Airbus")
facts_of("apollo_contacts", {"people": {"matches": [_PERSON]}}, name="Acme", domain="acme.com")
facts_of("brightdata_web_scraping", {"page:/": page("acme_home.html")}, name="Acme", domain="acme.com")

assert territory_named("no territory") is None  # reads the names in all scripts
load_rules(FROZEN)
