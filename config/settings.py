"""Settings, all taken from the environment; docs/reference/settings.md explains each one."""

import glob
import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyogrio
import shapely
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded
from participation.rules.address_search import SERVICES
from participation.rules.base_maps import PRESETS
from participation.rules.outgoing import Network, Origin, origin_of

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("KIESPLEK_VAR", BASE_DIR / "var"))


def flag(name: str, *, default: bool = False) -> bool:
    """Read a yes/no setting: 1, true, yes, on mean yes."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def names(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


# --- what kind of installation this is -------------------------------------------------------------
# The demo runs on plain http on one machine, shows its mails at /outbox/ and has a known secret.
# Nothing of that may hold anywhere else, so it is one switch and off unless asked for.
TESTING = "pytest" in sys.modules
DEMO = flag("KIESPLEK_DEMO") and not TESTING
DEBUG = flag("KIESPLEK_DEBUG")

SECRET_KEY = os.environ.get("KIESPLEK_SECRET_KEY", "")
if not SECRET_KEY:
    if not (DEMO or TESTING or sys.argv[1:2] in (["collectstatic"], ["compilemessages"], ["makemessages"])):
        raise ImproperlyConfigured(
            "KIESPLEK_SECRET_KEY is not set. Give it a long random text of your own "
            "(python3 -c 'import secrets; print(secrets.token_urlsafe(50))'), or set KIESPLEK_DEMO=1 for a demo."
        )
    SECRET_KEY = "only-for-the-demo-and-the-tests"  # noqa: S105 -- refused above for any real installation

ALLOWED_HOSTS = names("KIESPLEK_HOSTS", "127.0.0.1,localhost,.localhost,testserver" if DEMO or TESTING else "")
CSRF_TRUSTED_ORIGINS = names("KIESPLEK_TRUSTED_ORIGINS")
# The town that answers on a host name that no organisation claims (a single-town installation needs no more).
DEFAULT_ORGANISATION = os.environ.get("KIESPLEK_DEFAULT_ORGANISATION", "poperinge" if DEMO else "")

# Where mails lead to, in a town that names no host names of its own.
ADDRESS = os.environ.get("KIESPLEK_ADDRESS", "").rstrip("/") or (
    f"http://127.0.0.1:{os.environ.get('PORT', '8000')}" if DEMO else f"https://{(ALLOWED_HOSTS or ['localhost'])[0]}"
)

# --- the native libraries ---------------------------------------------------------------------------
# The GDAL and GEOS inside the pyogrio and shapely wheels: newer than the distribution's, and the same
# library for GeoDjango and geopandas in one process. Falls back to the system's when they are absent.
_gdal = glob.glob(str(Path(pyogrio.__file__).parent.with_name("pyogrio.libs") / "libgdal*"))
_geos = glob.glob(str(Path(shapely.__file__).parent.with_name("shapely.libs") / "libgeos_c*"))
if _gdal and _geos:
    GDAL_LIBRARY_PATH, GEOS_LIBRARY_PATH = _gdal[0], _geos[0]

# --- apps --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.gis",
    "leaflet",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "geo",
    "participation",
    "siting",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "geo.middleware.warm_tiles",
    # Django hides the length of a page that holds a token (random bytes in the gzip header), against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "participation.middleware.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "participation.web.sessions.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "participation.middleware.organisation",
    "participation.middleware.token",
    "participation.middleware.whole_forms",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "participation.web.context.town",
            ],
            "builtins": ["participation.templatetags.kiesplek"],
        },
    }
]

# --- database ----------------------------------------------------------------------------------------


def database(url: str) -> dict[str, object]:
    """Turn postgresql://user:password@host:port/name?option=value into Django's form."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres", "postgis"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql:// (PostgreSQL with PostGIS).")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    pool_size = int(os.environ.get("KIESPLEK_DB_POOL", "12"))
    return {
        "ENGINE": "config.postgis",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options
        # Statements are prepared only on connections of our own pool: without it an outside pooler may stand between.
        | (
            {}
            if TESTING or not pool_size
            # A pool waits twice as long before each new try of a database that went away, for five minutes: with these
            # it tries at least every second or two, and ballots are taken again seconds after it is back.
            else {
                "pool": {"min_size": 1, "max_size": pool_size, "timeout": 3, "reconnect_timeout": 2},
                "prepare_threshold": 5,
                # What is prepared is asked thousands of times and finds few rows: one plan for all, never compiled.
                "options": f"{options.pop('options', '')} -c plan_cache_mode=force_generic_plan -c jit=off".strip(),
            }
        ),
    }


# What manage.py web_role gives the server's role; the server itself has it in its DATABASE_URL.
WEB_PASSWORD = os.environ.get("KIESPLEK_WEB_PASSWORD", "")
DATABASES = {"default": database(os.environ.get("DATABASE_URL") or embedded.url())}
# In each process's memory: tiles, clusters and heat maps under the revision of what they are made of. The default of
# 300 entries is less than one look at a map.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 5000}},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and sign-in --------------------------------------------------------------------------------
AUTH_USER_MODEL = "participation.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "participation.web.sign_in.Adapter"
ACCOUNT_FORMS = {"request_login_code": "participation.web.sign_in.MailForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code itself confirms the address
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
# Six figures: what a phone's keypad types and what people know from their bank. Five tries a code, five codes a
# minute for one address (below), fifteen minutes: a guess succeeds once in many thousand tries.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {} if TESTING else {"request_login_code": "20/m/ip,5/m/key", "login_failed": "10/m/ip,5/5m/key"}

# A second factor, for staff whose town asks for it and for whoever wants one: an app with codes, or a passkey.
MFA_ADAPTER = "participation.web.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "participation.web.second_factor.CodeForm",
    "reauthenticate": "participation.web.second_factor.CodeAgainForm",
    "activate_totp": "participation.web.second_factor.ActivateForm",
    "add_webauthn": "participation.web.second_factor.PasskeyForm",
}
# A clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1

# An identity provider that speaks OpenID Connect (itsme, a region's sign-in): people sign in with it, and are verified
# as residents by what it says of where they live.
OIDC_ISSUER = os.environ.get("KIESPLEK_OIDC_ISSUER", "").rstrip("/")
SOCIALACCOUNT_ADAPTER = "participation.web.oidc.Adapter"
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "openid_connect": {
        "provider_class": "participation.web.oidc.Provider",
        "APPS": [
            {
                "provider_id": "identity",
                "name": os.environ.get("KIESPLEK_OIDC_NAME", urlsplit(OIDC_ISSUER).hostname),
                "client_id": os.environ.get("KIESPLEK_OIDC_CLIENT", ""),
                "secret": os.environ.get("KIESPLEK_OIDC_SECRET", ""),
                "settings": {
                    "server_url": OIDC_ISSUER,
                    "scopes": os.environ.get("KIESPLEK_OIDC_SCOPES", "openid profile email address").split(),
                    "residence_claim": os.environ.get("KIESPLEK_OIDC_RESIDENCE_CLAIM", "address.postal_code"),
                    "oauth_pkce_enabled": True,
                },
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

# --- safety ---------------------------------------------------------------------------------------------
SECURE_COOKIES = flag("KIESPLEK_HTTPS", default=not (DEMO or TESTING))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "participation.web.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False  # a town's other sites are not ours to decide on
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if flag("KIESPLEK_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # whose address is counted when codes are asked for
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- base maps: what lies under the maps of a town that chose nothing of its own --------------------------------------
_base_map = os.environ.get("KIESPLEK_BASE_MAP", "none" if DEMO or TESTING else "osm")
if "://" in _base_map:
    _maker = os.environ.get("KIESPLEK_BASE_MAP_ATTRIBUTION", "")
    BASE_MAPS: list[dict[str, Any]] = [{"kind": "xyz", "url": _base_map, "attribution": _maker, "name": ""}]
elif _base_map == "none":
    BASE_MAPS = []
elif _base_map in PRESETS:
    BASE_MAPS = [{"preset": _base_map}]
else:
    raise ImproperlyConfigured(f"KIESPLEK_BASE_MAP is none of {', '.join(['none', *PRESETS])}, and no address.")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Beside these the hosts of the town's base maps (participation.middleware.organisation).
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Chromium holds the address that a form leads on to against this as well.
        "form-action": [
            SELF,
            *([f"{urlsplit(OIDC_ISSUER).scheme}://{urlsplit(OIDC_ISSUER).netloc}"] if OIDC_ISSUER else []),
        ],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# --- whom the server itself calls: nobody but whom the operator names here --------------------------------------------


def services(name: str) -> dict[str, str]:
    """Read ``service=address`` pairs, the first to be asked first."""
    found = {}
    for pair in names(name):
        service, _sign, address = pair.partition("=")
        if service not in SERVICES or origin_of(address) is None:
            raise ImproperlyConfigured(
                f"{name} holds pairs such as geolocation=https://geo.api.vlaanderen.be/geolocation/v4/Location; the"
                f" services are {', '.join(SERVICES)}."
            )
        found[service] = address
    return found


def origins(name: str) -> list[Origin]:
    """Read the hosts that may be called."""
    found = [(text, origin_of(text)) for text in names(name)]
    if bad := [text for text, origin in found if origin is None]:
        raise ImproperlyConfigured(f"{name} holds hosts such as hooks.example.org; {bad[0]} is none.")
    return [origin for _text, origin in found if origin is not None]


def networks(name: str) -> list[Network]:
    """Read networks of our own that may be called although they are private."""
    try:
        return [ip_network(text) for text in names(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} holds networks such as 10.0.0.0/24: {error}.") from error


# Which address services there are, for towns to choose from.
ADDRESS_SEARCH = services("KIESPLEK_ADDRESS_SEARCH")
WEBHOOK_HOSTS = origins("KIESPLEK_WEBHOOK_HOSTS")
PRIVATE_NETWORKS = networks("KIESPLEK_PRIVATE_NETWORKS")

# --- programs that ask: how many requests a minute one of them may send (an act counts as ten) ------------------------
API_PER_MINUTE = int(os.environ.get("KIESPLEK_API_PER_MINUTE", "600"))

# --- languages, time ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Dutch")), ("fr", _("French")), ("en", _("English")), ("de", _("German"))]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
LANGUAGE_COOKIE_HTTPONLY = True
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = os.environ.get("KIESPLEK_TIME_ZONE", "Europe/Brussels")
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# --- static files ----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# Third-party files come from npm by config/vendor.py; the folder is made by `make setup`.
STATICFILES_DIRS = [("vendor", VAR_DIR / "vendor")] if (VAR_DIR / "vendor").is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not (DEBUG or TESTING)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_MAX_AGE = 60 * 60 * 24 * 365
MEDIA_ROOT = VAR_DIR / "media"

# --- mail ------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("KIESPLEK_MAIL_FROM", "kiesplek@localhost")
EMAIL_HOST = os.environ.get("KIESPLEK_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("KIESPLEK_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("KIESPLEK_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("KIESPLEK_SMTP_PASSWORD", "")
EMAIL_USE_TLS = flag("KIESPLEK_SMTP_TLS")
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = VAR_DIR / "outbox"
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"

# --- logs ------------------------------------------------------------------------------------------------------
# One JSON object a line on stderr, from structlog and from every library alike.
_log_steps: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _log_steps,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(default=str),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("KIESPLEK_LOG_LEVEL", "WARNING")},
    # Django's own handlers would mail administrators there are none of, and print twice.
    "loggers": {"django": {"handlers": [], "propagate": True}, "django.server": {"handlers": [], "propagate": True}},
}
structlog.configure(
    processors=[*_log_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)

# --- the map of django-leaflet -----------------------------------------------------------------------------------
LEAFLET_CONFIG = {"TILES": [], "RESET_VIEW": False, "SCALE": "metric", "ATTRIBUTION_PREFIX": ""}
