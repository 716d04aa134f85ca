"""Technologies that job postings name, and the traces that technologies leave in web pages.

    'We run Kafka on AWS' -> Apache Kafka, Amazon Web Services        <script src="//js.hs-scripts.com/1.js"> -> HubSpot

Both tables are short on purpose: what sellers ask about, under spellings that mean nothing else.
"""

import re
from collections.abc import Iterator

from enrichment.domain.values import Technology

# category: Name = other spelling = other spelling; spellings are case-sensitive, for "workday" is no product
_NAMED = """
CRM: Salesforce = Salesforce CRM = SFDC; HubSpot; Microsoft Dynamics 365 = Dynamics 365 = MS Dynamics; Pipedrive;
  Zoho CRM
Sales engagement: Outreach.io; Salesloft = SalesLoft; Gong.io; Clari; ZoomInfo; LinkedIn Sales Navigator = Sales
  Navigator
Marketing automation: Marketo; Pardot; Eloqua; Mailchimp = MailChimp; Klaviyo; Braze; Iterable; Customer.io;
  ActiveCampaign
ERP: SAP = S/4HANA = SAP ERP; Oracle NetSuite = NetSuite = Netsuite; Oracle ERP Cloud = Oracle Fusion; Infor; Odoo
Human resources: Workday = Workday HCM; BambooHR; SuccessFactors = SAP SuccessFactors; UKG = UKG Pro; ADP Workforce
  Now; Rippling
Recruiting: iCIMS; Taleo; SmartRecruiters; Jobvite
Finance: QuickBooks = Quickbooks; Coupa; SAP Ariba = Ariba; Concur = SAP Concur; BlackLine; Anaplan; Workiva; Xero;
  Avalara; Zuora
IT service management: ServiceNow = Service Now; BMC Remedy; Freshservice; Ivanti
Customer support: Zendesk; Freshdesk; Intercom; Genesys = Genesys Cloud; Five9; Talkdesk; Gainsight
Cloud: Amazon Web Services = AWS; Microsoft Azure = Azure; Google Cloud = GCP = Google Cloud Platform; Oracle Cloud
  = OCI; IBM Cloud; DigitalOcean; Heroku
Infrastructure: Kubernetes = K8s = k8s; Docker; Terraform; Ansible; OpenShift; VMware = VMWare = vSphere; Pulumi;
  Helm Charts; Nomad; Istio; Red Hat Enterprise Linux = RHEL
Build: Jenkins; GitLab CI = Gitlab CI; CircleCI; GitHub Actions; ArgoCD = Argo CD; TeamCity; Azure DevOps; Bazel;
  Buildkite
Source control: GitHub = Github; GitLab = Gitlab; Bitbucket = BitBucket
Monitoring: Datadog = DataDog; Splunk; New Relic; Prometheus; Grafana; Dynatrace; PagerDuty; Sentry; AppDynamics;
  Elastic Stack = ELK; Nagios; SolarWinds; OpenTelemetry
Data warehouse: Snowflake; BigQuery = Google BigQuery; Amazon Redshift = Redshift; Teradata; Azure Synapse; Vertica;
  ClickHouse
Data platform: Databricks; Palantir Foundry; Cloudera; Apache Hadoop = Hadoop; Fivetran; Informatica; Talend;
  Matillion; Alteryx; Collibra; Alation; dbt
Data processing: Apache Spark = PySpark = Spark SQL; Apache Flink = Flink; Apache Beam; Apache Hive
Data streaming: Apache Kafka = Kafka; RabbitMQ; Amazon Kinesis = Kinesis; Apache Pulsar; Confluent
Data orchestration: Apache Airflow = Airflow; Dagster; Prefect; Luigi
Database: PostgreSQL = Postgres = PostgresSQL; MySQL; MongoDB; Redis; Cassandra = Apache Cassandra; DynamoDB =
  Amazon DynamoDB; Oracle Database = Oracle DB = PL/SQL; SQL Server = Microsoft SQL Server = MSSQL = T-SQL; MariaDB;
  Neo4j; CockroachDB; Couchbase; IBM Db2 = DB2
Search: Elasticsearch = ElasticSearch; OpenSearch; Apache Solr = Solr; Algolia
Business intelligence: Tableau; Power BI = PowerBI; Looker = Google Looker; Qlik = Qlik Sense = QlikView;
  MicroStrategy; Cognos; Domo; Metabase; ThoughtSpot; Sisense
Analytics: Google Analytics = GA4; Adobe Analytics; Mixpanel; Amplitude Analytics; Pendo; Heap Analytics; SAS Viya;
  SPSS
Customer data: Twilio Segment; mParticle; Tealium; RudderStack
Programming language: Python; Java; JavaScript; TypeScript = Typescript; C++; C#; Golang; Scala; Kotlin; PHP; Ruby
  on Rails = Rails; Perl; COBOL; MATLAB = Matlab; ABAP; Elixir; Objective-C
Web framework: React = React.js = ReactJS; Angular = AngularJS; Vue.js = VueJS = Vue; Next.js = NextJS; Node.js =
  NodeJS = Nodejs; Django; Spring Boot; FastAPI; GraphQL; .NET = .NET Core = ASP.NET; Laravel; Express.js
Machine learning: TensorFlow = Tensorflow; PyTorch = Pytorch; scikit-learn; Kubeflow; MLflow; SageMaker = Amazon
  SageMaker; Vertex AI; Hugging Face = HuggingFace; OpenAI; LangChain; Azure OpenAI; DataRobot
Identity: Okta; Auth0; Active Directory = Azure AD = Entra ID; CyberArk; Ping Identity = PingFederate; SailPoint;
  OneLogin
Security: CrowdStrike = Crowdstrike; Palo Alto Networks; Zscaler; SentinelOne; Tenable; Qualys; Rapid7; Fortinet =
  FortiGate; Proofpoint; Snyk; HashiCorp Vault; Mimecast; Microsoft Sentinel; QRadar; Veracode; SonarQube
Project tracking: Jira = JIRA; Asana; Monday.com; Smartsheet; Trello; Wrike
Collaboration: Confluence; Microsoft Teams = MS Teams; Slack; SharePoint = Sharepoint; Microsoft 365 = Office 365 =
  O365 = M365; Google Workspace = G Suite; Miro; Figma; DocuSign = Docusign; Box.com
E-commerce: Shopify = Shopify Plus; Magento = Adobe Commerce; BigCommerce; SAP Hybris = Hybris; Salesforce Commerce
  Cloud; commercetools; WooCommerce
Content management: WordPress = Wordpress; Drupal; Adobe Experience Manager = AEM; Sitecore; Contentful; Optimizely
  CMS; Webflow
Payments: Stripe API; Adyen; Braintree; PayPal API
Integration: MuleSoft = Mulesoft; Boomi = Dell Boomi; Zapier; Workato; TIBCO = Tibco; Celigo; SnapLogic
Automation: UiPath = UIPath; Automation Anywhere; Blue Prism; Power Automate; Appian; Pega = Pegasystems;
  OutSystems; Mendix
Product and design: AutoCAD; SolidWorks = SOLIDWORKS; CATIA; Siemens NX; Revit; ANSYS; Windchill; Siemens Teamcenter
  = Teamcenter; LabVIEW; PTC Creo; Altium Designer
Supply chain: Blue Yonder; Manhattan WMS = Manhattan Associates; Kinaxis; o9 Solutions; Oracle Transportation
  Management; SAP EWM; E2open
Legal and healthcare: Veeva = Veeva Vault; Epic EHR = Epic Systems; Cerner; Relativity eDiscovery; Ironclad CLM;
  Benchling
"""
_TRACES = """
Analytics: Google Analytics > google-analytics.com | googletagmanager.com/gtag/; Adobe Analytics > .omtrdc.net |
  s_code.js | appmeasurement.js; Hotjar > static.hotjar.com; Mixpanel > cdn.mxpnl.com | cdn.mixpanel.com; Amplitude
  > cdn.amplitude.com; FullStory > fullstory.com/s/fs.js; Heap > cdn.heapanalytics.com; Matomo > /matomo.js |
  /piwik.js; Plausible > plausible.io/js; Microsoft Clarity > clarity.ms/tag; Contentsquare > contentsquare.net;
  Crazy Egg > script.crazyegg.com; Pendo > cdn.pendo.io; Quantum Metric > quantummetric.com; Chartbeat >
  static.chartbeat.com
Tag management: Google Tag Manager > googletagmanager.com/gtm.js | googletagmanager.com/ns.html; Tealium >
  tags.tiqcdn.com; Adobe Experience Platform Launch > assets.adobedtm.com; Ensighten > nexus.ensighten.com
Customer data: Segment > cdn.segment.com; mParticle > jssdkcdns.mparticle.com; RudderStack > cdn.rudderlabs.com
Marketing automation: HubSpot > js.hs-scripts.com | js.hsforms.net | hs-analytics.net; Marketo >
  munchkin.marketo.net | mktoforms; Pardot > pi.pardot.com | go.pardot.com; Eloqua > img.en25.com | elqcfg; Klaviyo
  > static.klaviyo.com; Mailchimp > chimpstatic.com | list-manage.com; ActiveCampaign > trackcmp.net; Braze >
  js.appboycdn.com; 6sense > j.6sc.co; Salesforce Marketing Cloud > exacttarget.com | evgnet.com
Customer support: Intercom > widget.intercom.io | js.intercomcdn.com; Drift > js.driftt.com; Zendesk >
  static.zdassets.com; LivePerson > lpcdn.lpsnmedia.net; Freshchat > wchat.freshchat.com; Crisp > client.crisp.chat;
  Tawk.to > embed.tawk.to; LiveChat > cdn.livechatinc.com; Qualified > js.qualified.com; Gladly > cdn.gladly.com;
  Genesys > apps.mypurecloud.com
Testing: Optimizely > cdn.optimizely.com; VWO > visualwebsiteoptimizer.com; Adobe Target > .tt.omtrdc.net | at.js;
  LaunchDarkly > app.launchdarkly.com | clientsdk.launchdarkly.com; Dynamic Yield > cdn.dynamicyield.com; AB Tasty >
  try.abtasty.com; Convert > cdn-4.convertexperiments.com
Advertising: Facebook Pixel > connect.facebook.net; LinkedIn Insight Tag > snap.licdn.com; Google Ads >
  googleadservices.com; Microsoft Advertising > bat.bing.com; TikTok Pixel > analytics.tiktok.com; Twitter Ads >
  static.ads-twitter.com; The Trade Desk > js.adsrvr.org; Criteo > static.criteo.net; Taboola > cdn.taboola.com;
  AdRoll > s.adroll.com
Account-based marketing: Demandbase > tag.demandbase.com | scripts.demandbase.com; Terminus > cdn.terminus.services;
  RollWorks > rollworks.com/; ZoomInfo > ws.zoominfo.com; Clearbit > tag.clearbitscripts.com | x.clearbitjs.com
Payments: Stripe > js.stripe.com; PayPal > paypal.com/sdk/js | paypalobjects.com; Braintree >
  js.braintreegateway.com; Adyen > checkoutshopper-live.adyen.com; Klarna > x.klarnacdn.net; Affirm >
  cdn1.affirm.com
E-commerce: Shopify > cdn.shopify.com; Magento > /static/version | mage/cookies; BigCommerce >
  cdn11.bigcommerce.com; WooCommerce > /plugins/woocommerce; Salesforce Commerce Cloud > demandware.static |
  demandware.net; SAP Commerce Cloud > /_ui/responsive/
Content management: WordPress > /wp-content/ | /wp-includes/ | =wordpress; Drupal > /sites/default/files |
  drupal-settings-json | =drupal; Adobe Experience Manager > /etc.clientlibs/ | /content/dam/ | /etc/designs/;
  Sitecore > /-/media/ | sitecore; Contentful > images.ctfassets.net | cdn.contentful.com; Webflow >
  assets.website-files.com | cdn.prod.website-files.com | =webflow; Wix > static.wixstatic.com | =wix.com;
  Squarespace > static1.squarespace.com | =squarespace; Ghost > =ghost; Joomla > =joomla; HubSpot CMS > =hubspot;
  Kentico > =kentico | getmedia.ashx; Storyblok > a.storyblok.com; Sanity > cdn.sanity.io; Prismic > cdn.prismic.io;
  TYPO3 > /typo3temp/ | =typo3; Framer > framerusercontent.com; Hugo > =hugo; Gatsby > =gatsby
Web framework: Next.js > /_next/static | __next_data__; Nuxt > /_nuxt/ | __nuxt__; React > data-reactroot |
  react.production.min.js | react-dom; Vue.js > vue.min.js | vue.global.prod.js | vue.runtime; Angular >
  ng-version=; ASP.NET > __viewstate; Ruby on Rails > csrf-param; Svelte > /_app/immutable/; Laravel > livewire.js
JavaScript library: jQuery > jquery.min.js | jquery.js | code.jquery.com | jquery-3 | jquery-2 | jquery-1
CSS framework: Bootstrap > bootstrap.min.css | bootstrap.min.js | bootstrap@; Tailwind CSS > cdn.tailwindcss.com
Monitoring: New Relic > js-agent.newrelic.com | nreum; Sentry > browser.sentry-cdn.com | js.sentry-cdn.com; Datadog
  > datadoghq-browser-agent.com; Dynatrace > js-cdn.dynatrace.com | ruxitagent; Bugsnag >
  d2wy8f7a9ursnm.cloudfront.net; LogRocket > cdn.logrocket.io | cdn.lr-ingest; SpeedCurve > cdn.speedcurve.com;
  Akamai mPulse > go-mpulse.net
Consent: OneTrust > cdn.cookielaw.org | otsdkstub; Cookiebot > consent.cookiebot.com; TrustArc >
  consent.trustarc.com; Usercentrics > app.usercentrics.eu; Osano > cmp.osano.com; Didomi > sdk.privacy-center.org;
  Quantcast Choice > cmp.quantcast.com
Content delivery: Cloudflare > static.cloudflareinsights.com | cdnjs.cloudflare.com | /cdn-cgi/; Amazon CloudFront >
  .cloudfront.net; Fastly > .fastly.net; Akamai > .akamaized.net | akamaihd.net; jsDelivr > cdn.jsdelivr.net; unpkg
  > unpkg.com; Imgix > .imgix.net; Cloudinary > res.cloudinary.com
Security: reCAPTCHA > google.com/recaptcha | gstatic.com/recaptcha; hCaptcha > hcaptcha.com/1; Cloudflare Turnstile
  > challenges.cloudflare.com; DataDome > js.datadome.co; HUMAN > client.perimeterx.net
Identity: Okta > global.oktacdn.com | .okta.com; Auth0 > cdn.auth0.com; Google Sign-In > accounts.google.com/gsi
Survey: Qualtrics > siteintercept.qualtrics.com; Medallia > resources.digital-cloud.medallia; SurveyMonkey >
  widget.surveymonkey.com; Typeform > embed.typeform.com
Scheduling: Calendly > assets.calendly.com; Chili Piper > js.chilipiper.com
Search: Algolia > algolianet.com | algolia.net | cdn.jsdelivr.net/npm/algoliasearch; Coveo > static.cloud.coveo.com;
  Yext > assets.sitescdn.net; Swiftype > s.swiftypecdn.com
Fonts: Google Font API > fonts.googleapis.com | fonts.gstatic.com; Font Awesome > use.fontawesome.com |
  kit.fontawesome.com | font-awesome; Typekit > use.typekit.net
Video: Wistia > fast.wistia.com | fast.wistia.net; Vimeo > player.vimeo.com; YouTube > youtube.com/embed |
  youtube-nocookie.com; Brightcove > players.brightcove.net; Vidyard > play.vidyard.com
Accessibility: AudioEye > audioeye.com; UserWay > cdn.userway.org; accessiBe > acsbapp.com
Reviews: Trustpilot > widget.trustpilot.com; Bazaarvoice > apps.bazaarvoice.com; Yotpo > staticw2.yotpo.com
Maps: Google Maps > maps.googleapis.com | google.com/maps; Mapbox > api.mapbox.com
Recruiting: Greenhouse > boards.greenhouse.io | job-boards.greenhouse.io; Lever > jobs.lever.co; Ashby >
  jobs.ashbyhq.com; Workday > .myworkdayjobs.com; SmartRecruiters > smartrecruiters.com; iCIMS > .icims.com;
  Workable > apply.workable.com; Phenom > cdn.phenompeople.com; Personio > .jobs.personio; Teamtailor > teamtailor
"""
_TOKEN = re.compile(r"[A-Za-z0-9.][\w.+#/-]*")


def _rows(table: str) -> Iterator[tuple[str, str]]:
    """Category and entry; an indented line goes on with the one before."""
    for line in table.strip().replace("\n  ", " ").splitlines():
        category, _, entries = line.partition(": ")
        for entry in entries.split("; "):
            yield category, entry.strip()


def _spellings() -> dict[str, list[tuple[tuple[str, ...], Technology]]]:
    """First word -> the phrases it begins, longest first."""
    begun: dict[str, list[tuple[tuple[str, ...], Technology]]] = {}
    for category, entry in _rows(_NAMED):
        names = [name.strip() for name in entry.split(" = ")]
        for name in names:
            words = tuple(name.split())
            begun.setdefault(words[0], []).append((words, Technology(name=names[0], category=category)))
    return {word: sorted(phrases, key=lambda phrase: -len(phrase[0])) for word, phrases in begun.items()}


def _traces() -> list[tuple[Technology, tuple[str, ...]]]:
    found = []
    for category, entry in _rows(_TRACES):
        name, _, traces = entry.partition(" > ")
        found.append((Technology(name=name, category=category), tuple(trace.strip() for trace in traces.split(" | "))))
    return found


_BEGUN = _spellings()
_FIRST_WORDS = frozenset(_BEGUN)
_LEFT_BEHIND = _traces()


def named_technologies(said: str) -> list[Technology]:
    """The technologies a text names, each once, in the order of the text."""
    words = list(_words(said))
    if _FIRST_WORDS.isdisjoint(words):
        return []
    found: dict[str, Technology] = {}
    for place, word in enumerate(words):
        for phrase, technology in _BEGUN.get(word, ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                found.setdefault(technology.name, technology)
                break
    return list(found.values())


def _words(said: str) -> Iterator[str]:
    """'SAP S/4HANA' keeps its slash, 'AWS/Kubernetes' does not."""
    for token in _TOKEN.findall(said):
        word = token.rstrip(".,/-")
        if word in _FIRST_WORDS or ("/" not in word and "-" not in word):
            yield word
        else:
            yield from re.split(r"[/-]", word)


def traced_technologies(markup: str, generator: str | None) -> list[Technology]:
    """The technologies whose traces are in a page's markup (in lower case) or in its generator tag ('=wordpress')."""
    made_with = (generator or "").lower()
    return [
        technology for technology, traces in _LEFT_BEHIND if any(_is_in(trace, markup, made_with) for trace in traces)
    ]


def _is_in(trace: str, markup: str, made_with: str) -> bool:
    return made_with.startswith(trace[1:]) if trace.startswith("=") else trace in markup
