"""What a job title says of rank and department, in five languages.

    'VP of Sales Operations' -> vp, sales      'Leiterin Einkauf' -> director, procurement

Both tables are read from above: the first row with a word of the title decides. Words are patterns without accents.
"""

import re
from typing import get_args

from enrichment.domain.values import Seniority
from enrichment.identity.letters import fold

# a founder who is VP of something is a founder; a vice president is no president
_RANKS = r"""
c_level: (?:co ?)?(?:founder|fondat\w+|fundador\w*|grunder\w*)
vp: [sea]?vp | vice ?president\w* | vice (?:pres|chair\w*) | prokurist\w*
c_level: chief(?! of staff| engineer| accountant| architect) | c[a-z]{1,2}o | (?:co ?|business )?owner | president\w* |
  managing (?:director|partner) | geschaftsfuhr\w* | vorstand\w* | inhaber\w* | pdg | gerant\w* | propriet\w+ |
  direct\w+ (?:general|gerente|executi\w+) | gerente general | propietari\w+ | chair(?:man|woman|person)? |
  consejero delegado | amministratore delegato
director: director\w* | directeur | directrice | direktor\w* | direttore | direttrice | diretor\w* | heads? | partner |
  general manager | gm | board (?:member|of directors) | \w*(?:bereichs|abteilungs|haupt|werks)leit\w+ |
  leit(?:er|erin|ung)
manager: manager\w* | mgr | leads? | leader | supervisor\w* | superviseur | team ?leit\w* | gerente | jef[ea] |
  encargad[oa] | foreman | responsable | responsabile | capo | chef | superintendent | managing | leitend\w+ |
  \w{4,}leit(?:er|erin|ung)
"""
_DEPARTMENTS = r"""
human_resources: hr | hrbp | human resources? | people (?:operations|ops|partner|officer) | talent | recruit\w* |
  personal(?:wesen|leit\w+|referent\w*|entwick\w+) | recursos humanos | rrhh | ressources humaines | risorse umane |
  chro | payroll | compensation
procurement: procurement | purchas\w+ | sourcing | buyer | einkauf\w* | einkaeufer\w* | compras | comprador\w* |
  achats? | acheteu\w+ | acquisti | category manager | cpo procurement | strategischer einkaufer
legal: legal | counsel | attorney | lawyer | compliance | jurist\w* | abogad\w* | avocat\w* | rechts\w+ | clo
finance: financ\w* | cfo | account(?:ant|ants|ing) | controll(?:er|ing|erin) | treasur\w* | audit\w* | tax |
  buchhalt\w* | finanz\w* | contab\w+ | contable | comptab\w+ | investor relations | fp a
marketing: marketing | cmo | brand\w* | communications? | kommunikation\w* | comunicacion | communication | public
  relations | pr | content | seo | sem | social media | media | growth | demand generation | advertis\w+ |
  publicidad | werbung | mercadotecnia | crm
business_development: business develop\w+ | biz ?dev | partnerships? | alliances? | desarrollo de negocios? |
  expansion | geschaftsentwicklung\w* | developpement (?:commercial|des affaires) | new business | strategic
  development
customer_support: customer (?:support|service|success|care|experience|relations) | support
  (?:specialist|agent|engineer) | kundenservice | kundendienst | kundenbetreu\w* | kundenberat\w* | call[ -]?cent\w+
  | atencion al cliente | service client | client services? | help ?desk
information_technology: it | cio | ciso | information (?:technology|systems|security) | edv | sysadmin | systems?
  (?:administrator|engineer|analyst) | network\w* | cyber\w* | infrastructure | informati\w+ | sistemas |
  administrador de sistemas | systemadministrat\w+ | sap | database | dba
product: product (?:manag\w+|owner|lead|officer|director|strategy) | head of product | director of product | vp
  product | produktmanag\w+ | ux | ui
engineering: engineer\w* | cto | chief technology | software | develop(?:er|ers|ment) | entwick\w+ |
  desarrollador\w* | developpeu\w+ | program(?:mer|ador\w*) | devops | data
  (?:scien\w+|engineer\w*|platform|architect) | machine learning | ai | architect | technolog\w* | r d | research |
  ingenier\w* | ingenieu\w* | full ?stack | front ?end | back ?end | qa | technical | informatiker\w* | web
sales: sales | selling | verkauf\w* | vertrieb\w* | ventas | vendedor\w* | vente\w* | vendeu\w+ | commercial\w* |
  comercial\w* | account (?:exec\w*|manag\w+|director) | key account\w* | revenue | cro | inside sales |
  aussendienst\w* | innendienst\w* | area manager | store manager | retail
operations: operations? | operaciones | coo | logisti\w+ | supply chain | production | produktion\w* | manufactur\w+
  | plant | quality | warehouse | facilit\w+ | betrieb\w* | operativ\w*
project_management: projects? | projekt\w* | proyectos? | projets? | progetti? | pmo | program(?:me)? manag\w+ |
  scrum
consulting: consult\w+ | berat\w+ | asesor\w* | conseil\w* | advisor\w* | adviser | consulenza
administration: administrati\w* | administrador\w* | office manag\w+ | secretar\w* | sekretar\w* | assistant |
  asistente | assistent\w* | assistenz | reception\w*
executive: ceo | chief executive | founder | co founder | cofounder | owner | managing director | president |
  general manager | geschaftsfuhr\w*
"""
_HELPS = re.compile(
    r"\b(?:assistant|(?<!corporate )(?<!company )secretary|sekretar\w*|assistenz|assistent\w*|asistente|adjoint\w*)\b"
)
_MANAGES_ALL_THE_SAME = re.compile(r"\bassistant (?:\w+ ){0,2}(?:manager|director|vice president|vp)\b")


def _rows(table: str) -> list[tuple[str, re.Pattern[str]]]:
    """Name and pattern; an indented line goes on with the one before."""
    rows = (line.partition(": ") for line in table.strip().replace("\n  ", " ").splitlines())
    return [(name, re.compile(rf"\b(?:{words.replace(' | ', '|')})\b")) for name, _, words in rows]


_BY_RANK = [(rank, pattern) for name, pattern in _rows(_RANKS) for rank in get_args(Seniority) if rank == name]
_BY_DEPARTMENT = _rows(_DEPARTMENTS)


def seniority(title: str) -> Seniority:
    """The rank a title speaks of; staff where it speaks of none, and for who assists one of rank."""
    said = _plain(title)
    if _HELPS.search(said) and not _MANAGES_ALL_THE_SAME.search(said):
        return "staff"
    return next((rank for rank, pattern in _BY_RANK if pattern.search(said)), "staff")


def department(title: str) -> str | None:
    """The department a title speaks of; None where it speaks of none we know."""
    said = _plain(title)
    return next((name for name, pattern in _BY_DEPARTMENT if pattern.search(said)), None)


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", fold(title[:300]).replace(".", "")))
