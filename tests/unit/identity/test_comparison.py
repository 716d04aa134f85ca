"""Whether two names are one company's: yes, no, or better asked; by kind of difference."""

import pytest

from enrichment.identity.comparison import compare_names, may_be_misspelt
from enrichment.identity.names import name_form


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Too Faced", "Faced"),
        ("Too Faced Cosmetics, LLC", "Faced Cosmetics LLC"),
        ("Too Good To Go", "Good To Go"),
        ("TOO GOOD TO GO APS", "Good To Go ApS"),
        ("SIA Engineering", "Engineering Co"),
        ("SIA Engineering Company Ltd", "Engineering Company Limited"),
        ("UAB Medicine", "Medicine"),
        ("JSC Partners", "Partners"),
        ("Oy Gevalt", "Gevalt"),
        ("MB Financial", "Financial Inc"),
        ("MB Financial, Inc.", "Financial, Inc."),
        ("OU Health", "Health"),
        ("AB Foods", "Foods"),
        ("PP Group", "Group"),
        ("OOO Marketing", "Marketing"),
        ("SC Johnson", "Johnson"),
        ("SC Johnson & Son", "Johnson & Son"),
        ("SAS Institute Inc.", "Institute"),
        ("PT Solutions", "Solutions"),
        ("AB Volvo", "Volvo"),
        ("CV Library", "Library"),
        ("SA Recycling", "Recycling"),
        ("SA Muster", "Muster"),
        ("SIA Cargo", "Cargo"),
        ("LTD Commodities LLC", "Commodities LLC"),
        ("UAB Health", "Health"),
        ("OU Muster", "Muster"),
    ],
)
def test_a_short_word_in_front_that_may_be_of_the_name_is_never_dropped_unasked(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness != "same"
    assert compare_names(name_b, name_a).sameness != "same"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("SIA Muster Werke", "Muster Werke"),
        ("Oy Muster Ab", "Muster"),
        ("S.C. Muster S.R.L.", "Muster"),
        ("PT Muster Tbk", "Muster"),
        ("PT. Muster (Persero)", "Muster"),
        ("PT Muster (Persero) Tbk", "Muster"),
        ("OOO «Muster»", "Muster"),
        ('UAB "Muster"', "Muster"),
        ("SIA „Muster“", "Muster"),
        ("ООО Muster", "Muster"),
        ("LLC Muster", "Muster"),
        ("GmbH Muster", "Muster"),
        ("SARL Muster", "Muster"),
        ("EURL Muster", "Muster"),
        ("SELARL Muster", "Muster"),
        ("ИП Muster", "Muster"),
        ("SAS Muster Werke", "Muster Werke"),
        ("CV. Muster Werke", "Muster Werke"),
        ("AB Muster", "Muster AB"),
        ("AB Muster", "Muster AB (publ)"),
        ("AB Muster (publ)", "Muster"),
        ("Oy Muster", "Muster Oy"),
        ("UAB Muster", "Muster"),
        ("SIA Muster", "Muster"),
        ("OOO Muster", "Muster"),
        ("JSC Muster", "Muster, JSC"),
        ("OÜ Muster", "Muster"),
        ("VšĮ Muster", "Muster"),
        ("Ltd Muster", "Muster"),
        ("SA Muster", "Muster S.A."),
        ("DOO Muster", "Muster d.o.o."),
        ("SASU Muster", "Muster"),
        ("SPRL Muster", "Muster"),
        ("Société Anonyme Muster", "Muster SA"),
        ("ЕООД Muster", "Muster"),
        ("SRL Muster Werke", "Muster Werke"),
    ],
)
def test_a_form_in_front_is_dropped_where_it_cannot_be_a_word_of_the_name(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "same"
    assert compare_names(name_b, name_a).sameness == "same"


@pytest.mark.parametrize(
    "form",
    [
        "S.L.",
        "SL",
        "S.L.U.",
        "SLU",
        "S. L.",
        "Private Limited",
        "ASA",
        "SCA",
        "S.C.A.",
        "PCL",
        "Public Company Limited",
        "S.à r.l.",
        "S.à.r.l.",
        "Sàrl",
        "S.A.L.",
        "S.A.E.",
        "S.A.C.",
        "S.A.A.",
        "SELARL",
        "Α.Ε.",
        "ΑΕ",
        "Ι.Κ.Ε.",
        'בע"מ',
        "בע״מ",
        "ش.م.م",
        "ش.م.م.",
        "ذ.م.م",
        "LLC-FZ",
        "FZ-LLC",
        "DOOEL",
        "P.S.A.",
        "Sp.j.",
        "Sp. j.",
        "Sp.k.",
        "S.R.L. de C.V.",
        "S. de R.L. de C.V.",
        "(Persero)",
        "PrJSC",
        "K.S.C.",
        "B.S.C.",
    ],
)
def test_a_form_behind_the_name_is_dropped_however_it_is_written(form: str) -> None:
    assert compare_names(f"Muster {form}", "Muster").sameness == "same"
    assert compare_names("Muster", f"Muster, {form}").sameness == "same"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Evercore", "Evercare"),
        ("CoreWeave", "CoreWave"),
        ("Healthline", "Healthlink"),
        ("Brightcove", "Brightcore"),
        ("Andersen", "Anderson"),
        ("Rockwell", "Rockwall"),
        ("Fairmount", "Fairmont"),
        ("Hartmann", "Hartman"),
        ("Evercore Inc.", "Evercare Ltd"),
    ],
)
def test_one_other_letter_is_a_slip_or_another_company(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "unsure"
    assert compare_names(name_b, name_a).sameness == "unsure"


def test_two_letters_of_a_long_word_that_changed_places_are_a_slip() -> None:
    assert compare_names("Mitsubishi", "Mitsubsihi").sameness == "same"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Meta (formerly Facebook)", "Facebook"),
        ("Meta Platforms, Inc. (formerly Facebook, Inc.)", "Facebook Inc"),
        ("Muster Ltd t/a Beta", "Beta"),
        ("Bio Tech", "BioTech"),
        ("Pharma Mar", "PharmaMar"),
        ("SiemensAG", "Siemens AG"),
        ("Ministry of the Interior", "Ministry of Interior"),
        ("Pharma Mar S.A.", "PharmaMar SA"),
        ("Saint Gobain", "St. Gobain"),
        ("Sainte Anne", "Ste. Anne"),
        ("Mount Sinai", "Mt. Sinai"),
        ("Muster Holding", "Muster Holdings"),
        ("Muster Solution", "Muster Solutions"),
        ("X.com", "X"),
        ("Eni SPA", "Eni"),
        ("AB Volvo", "Volvo"),
        ("SIA Engineering", "Engineering Co"),
        ("sia muster", "muster"),
        ("Muster SAL", "Muster"),
        ("Bio", "Bio-Muster Laboratories, Inc."),
        ("O", "O-I Muster, Inc."),
        ("Muster Multi", "Muster Multi-Alternative Fund"),
        ("Banco Muster S.A.", "Muster Bank Inc."),
        ("Royal Muster Cruises Ltd", "Royal Muster Group"),
    ],
)
def test_another_name_beside_it_and_another_way_of_writing_it_are_asked_about(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "unsure"
    assert compare_names(name_b, name_a).sameness == "unsure"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("C&A", "CA Inc."),
        ("H&M", "HM"),
        ("Serenity Spa", "Serenity Day"),
        ("Airbus", "Airbnb"),
        ("Meta", "Beta"),
        ("Muster Acquisition Corp", "Muster Acquisition Corp II"),
        ("Muster II Inc.", "Muster"),
        ("Muster Fund, Inc.", "Muster Fund II, Inc."),
        ("Southern Co", "Southern Silver Exploration Corp"),
        ("Citizens, Inc.", "Citizens Community Bancorp Inc."),
    ],
)
def test_other_words_are_other_companies(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "different"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Serenity Spa Inc.", "Serenity"),
        ("Muster PC Ltd", "Muster Ltd"),
        ("Muster EV GmbH", "Muster GmbH"),
        ("Muster III Ltd", "Muster Ltd"),
    ],
)
def test_a_word_that_is_like_a_form_stays_in_the_name_before_a_form(name: str, other: str) -> None:
    assert compare_names(name, other).sameness != "same"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Muster Groep NV", "Muster Group, N.V."),
        ("Muster Corp - Series A Beta Group Common Stock", "Muster Corp - Series C Beta Group Common Stock"),
    ],
)
def test_groups_in_other_languages_and_series_of_shares_make_no_other_company(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "same"


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Canal +", "Canal"),
        ("Disney + Inc.", "Disney Inc."),
        ("Bertelsmann Stiftung", "Bertelsmann"),
        ("Siemens Verein", "Siemens AG"),
        ("Acme Charity", "Acme"),
        ("Acme Nonprofit", "Acme Inc."),
        ("Kone Säätiö", "Kone Oyj"),
        ("Pets Unlimited", "Pets Ltd"),
        ("Restore PT", "Restore Inc."),
        ("Vision OD", "Vision LLC"),
        ("e&", "E Inc."),
    ],
)
def test_a_sign_set_apart_and_a_word_for_a_foundation_are_of_the_name(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness != "same"
    assert compare_names(name_b, name_a).sameness != "same"


@pytest.mark.parametrize("name", ["Canal +", "CANAL+", "Canal Plus"])
def test_a_plus_is_read_with_a_space_before_it_and_without(name: str) -> None:
    assert compare_names(name, "Canal+").sameness == "same"


@pytest.mark.parametrize(
    "name",
    [
        "Acme GmbH, vormals Beta",
        "Acme GmbH ehemals Beta GmbH",
        "Acme SA, anciennement Beta",
        "Acme Ltd formerly Beta",
        "Acme Ltd - previously known as Beta",
        "Acme Inc. (formerly: Beta)",
        "Acme Inc also known as Beta",
    ],
)
def test_a_former_name_behind_the_name_is_an_alias(name: str) -> None:
    assert name_form(name).aliases[0].startswith("Beta")
    assert compare_names(name, "Acme").sameness == "same"


@pytest.mark.parametrize("name", ["Vormals", "Formerly Known As", "Cars Previously Owned LLC"])
def test_a_word_for_a_former_name_with_nothing_in_front_of_it_is_of_the_name(name: str) -> None:
    assert name_form(name).aliases == ()


@pytest.mark.parametrize(
    "name", ["Acme Unlimited Company", "Acme P.T.", "Acme, O.D.", "PT Acme Tbk", "Acme & Co", "Acme &"]
)
def test_forms_that_are_words_too_count_where_they_are_written_as_forms(name: str) -> None:
    assert compare_names(name, "Acme").sameness == "same"


@pytest.mark.parametrize(
    "behind",
    [
        "GmbH i.L.",
        "GmbH i. L.",
        "GmbH & Co. KG i.I.",
        "GmbH in Gründung",
        "GmbH (Insolvenz)",
        "S.p.A. in liquidazione",
        "SA en liquidation",
        "S.L. (en liquidación)",
        "Ltda. em recuperação judicial",
        "Sp. z o.o. w likwidacji",
        "B.V. in liquidatie",
        "AB i konkurs",
        "Limited - In Liquidation",
        "Ltd - dormant",
        "Ltd (dissolved)",
        ", LLC, a Delaware limited liability company",
        "Inc., a California corporation",
    ],
)
def test_how_a_company_is_registered_is_no_part_of_its_name(behind: str) -> None:
    assert name_form(f"Muster Größe {behind}").words == name_form("Muster Größe").words


@pytest.mark.parametrize("name", ["Muster in Liquidation", "Muster Insolvenz", "Acme, a Little Company", "Dormant Ltd"])
def test_words_of_a_name_without_a_form_are_its_own(name: str) -> None:
    assert len(name_form(name).words) == len([word for word in name.split() if word not in ("Ltd", "Company")])


@pytest.mark.parametrize(
    "also", ["Ltd aka Beta", "BV h.o.d.n. Beta", "SA (antes Beta)", "GmbH, firmierend als Beta", "AB (tidigare Beta)"]
)
def test_another_name_is_told_by_the_words_of_other_languages(also: str) -> None:
    form = name_form(f"Muster Werke {also}")
    assert (form.words, form.aliases) == (("muster", "werke"), ("Beta",))


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Muster et Fils", "Muster & Fils"),
        ("Muster y Hijos", "Muster & Hijos"),
        ("Muster og Sønner", "Muster & Sønner"),
    ],
)
def test_and_is_one_word_in_all_languages(name_a: str, name_b: str) -> None:
    assert compare_names(name_a, name_b).sameness == "same"


def test_a_letter_that_may_mean_and_is_asked_about_or_stays() -> None:
    assert compare_names("Muster e Figli", "Muster & Figli").sameness == "unsure"
    assert compare_names("Y Combinator", "Combinator").sameness != "same"
    assert compare_names("C y A", "C A").sameness != "same"


@pytest.mark.parametrize(
    "form",
    [
        "e.U.",
        "EAD",
        "LTDA ME",
        "HB",
        "ANS",
        "spółka komandytowa",
        "Teoranta",
        "CLG",
        "RLLP",
        "Sociedad Limitada",
        "BVBA",
    ],
)
def test_forms_of_more_countries_are_cut_off(form: str) -> None:
    assert name_form(f"Muster Werke {form}").words == ("muster", "werke")


@pytest.mark.parametrize(
    "name",
    ["Muster GmbH&Co.KG", "Muster GmbH & Co.KG", "MUSTER GMBH & CO.KG", "Muster-GmbH", "Muster-AG", "Muster Co/The"],
)
def test_a_form_without_the_blank_before_it_is_cut_off(name: str) -> None:
    assert name_form(name).words == ("muster",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Muster-Agrar", ("muster", "agrar")),
        ("Muster-AGs", ("muster", "ags")),
        ("X-Inc Records", ("x", "inc", "records")),
    ],
)
def test_a_dash_before_other_letters_stays_in_the_name(name: str, words: tuple[str, ...]) -> None:
    assert name_form(name).words == words


@pytest.mark.parametrize(
    ("written", "name", "is_nearly"),
    [
        ("Krogar", "Kroger", True),
        ("chevorn", "Chevron", True),
        ("Forde Motor", "Ford Motor", True),
        ("phillps 66", "Phillips 66", True),
        ("Huntingten Bancshars", "Huntington Bancshares", True),
        ("Kroger", "Kroger Inc.", False),
        ("Gap", "Gas", False),
        ("Visa", "Vista", False),
        ("Tesla", "Nestle", False),
        ("Evercore", "Overcore", False),
    ],
)
def test_a_name_may_be_another_one_mistyped(written: str, name: str, is_nearly: bool) -> None:
    assert may_be_misspelt(written, name) is is_nearly
