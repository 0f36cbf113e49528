"""Open data as catalogues read it (DCAT-AP 3 in JSON-LD) and as search engines do (schema.org); knows no request.

Days, never hours, and nobody: a data set is told by its question, its place, its period and how to get it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from participation.rules.licences import Licence

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_EU = "http://publications.europa.eu/resource/authority/"
# The code lists of the European Union that DCAT-AP asks for.
LANGUAGES = {"nl": "NLD", "fr": "FRA", "en": "ENG", "de": "DEU"}
THEMES = ("GOVE", "REGI")
FILE_TYPES = {
    "application/atom+xml": "ATOM",
    "application/geo+json": "GEOJSON",
    "application/geopackage+sqlite3": "GPKG",
    "application/json": "JSON",
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "image/tiff": "TIFF",
    "text/csv": "CSV",
}
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to get something (``of``): a file, or (``service``: the address of its door) something live."""

    of: str
    kind: str
    address: str
    media_type: str
    about: str = ""
    service: str = ""
    # Where it is told what stands in a file; empty where that is not told.
    explained: str = ""

    @property
    def title(self) -> str:
        """What it is called where it stands by itself."""
        return f"{self.of} ({self.kind})"

    @property
    def bare_type(self) -> str:
        """The media type without what it says beside (charset, profile)."""
        return self.media_type.partition(";")[0].strip()


@dataclass(frozen=True, slots=True)
class Service:
    """A door that data sets are served through, and its description for machines."""

    address: str
    description: str
    title: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """What there is to know of one data set; texts are {language: text}, the box is [w, s, e, n] in degrees."""

    page: str
    identifier: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    offers: Sequence[Offer]
    licence: Licence | None
    rights: str = ""
    issued: date | None = None
    modified: date | None = None
    begins: date | None = None
    ends: date | None = None
    box: Sequence[float] | None = None
    keywords: Sequence[Mapping[str, str]] = ()
    # To within how many metres places of residents are shown; None where they stand as they were put.
    blur_m: int | None = None
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Town:
    """Who publishes."""

    name: str
    home: str
    catalogue: str
    explained: str
    mail: str
    languages: Sequence[str]
    title: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


def catalogue(town: Town, licence: Licence, sets: Sequence[DataSet], services: Sequence[Service]) -> dict[str, Any]:
    """The whole catalogue as one document in JSON-LD."""
    changed = [each.modified for each in sets if each.modified]
    return {
        "@context": CONTEXT,
        "@id": town.catalogue,
        "@type": "dcat:Catalog",
        "dct:title": _texts(town.title),
        "dct:description": _texts(town.about),
        "dct:publisher": _publisher(town),
        "dct:language": _languages(town),
        "dct:license": _document("dct:LicenseDocument", licence),
        "foaf:homepage": {"@id": town.home, "@type": "foaf:Document"},
        **({"dct:modified": _day(max(changed))} if changed else {}),
        "dcat:dataset": [_dataset(town, each) for each in sets],
        "dcat:service": [_service(town, each, sets) for each in services],
    }


def _dataset(town: Town, told: DataSet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": f"{told.page}#data",
        "@type": "dcat:Dataset",
        "dct:identifier": told.identifier,
        "dct:title": _texts(told.title),
        "dct:description": _texts(told.about),
        "dct:publisher": {"@id": _publisher(town)["@id"]},
        "dct:language": _languages(town),
        "dct:accessRights": _concept("access-right/PUBLIC", "dct:RightsStatement"),
        "dct:accrualPeriodicity": _concept(f"frequency/{'UPDATE_CONT' if told.grows else 'IRREG'}", "dct:Frequency"),
        "dcat:theme": [_concept(f"data-theme/{theme}") for theme in THEMES],
        "dcat:landingPage": {"@id": told.page, "@type": "foaf:Document"},
        "foaf:page": {"@id": town.explained, "@type": "foaf:Document"},
        "dcat:distribution": [_distribution(told, offer) for offer in told.offers],
    }
    if town.mail:
        found["dcat:contactPoint"] = {
            "@type": "vcard:Organization",
            "vcard:fn": town.name,
            "vcard:hasEmail": {"@id": f"mailto:{town.mail}"},
        }
    if told.keywords:
        found["dcat:keyword"] = [text for keyword in told.keywords for text in _texts(keyword)]
    if told.issued:
        found["dct:issued"] = _day(told.issued)
    if told.modified:
        found["dct:modified"] = _day(told.modified)
    if told.begins:
        period: dict[str, Any] = {"@type": "dct:PeriodOfTime", "dcat:startDate": _day(told.begins)}
        found["dct:temporal"] = period | ({"dcat:endDate": _day(told.ends)} if told.ends else {})
    if told.blur_m:
        found["dcat:spatialResolutionInMeters"] = {"@type": "xsd:decimal", "@value": str(told.blur_m)}
    if told.box:
        found["dct:spatial"] = {
            "@type": "dct:Location",
            "dcat:bbox": {"@type": "geosparql:wktLiteral", "@value": _polygon(told.box)},
        }
    return found


def _distribution(told: DataSet, offer: Offer) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": offer.address,
        "@type": "dcat:Distribution",
        "dct:title": offer.title,
        "dcat:accessURL": {"@id": offer.address},
        "dcat:mediaType": {"@id": _MEDIA_TYPES + offer.bare_type, "@type": "dct:MediaType"},
    }
    if told.licence:
        found["dct:license"] = _document("dct:LicenseDocument", told.licence)
    if told.rights:
        found["dct:rights"] = {"@type": "dct:RightsStatement", "rdfs:label": told.rights}
    if offer.about:
        found["dct:description"] = offer.about
    if offer.explained:
        found["foaf:page"] = {"@id": offer.explained, "@type": "foaf:Document"}
    if offer.bare_type in FILE_TYPES:
        found["dct:format"] = _concept(f"file-type/{FILE_TYPES[offer.bare_type]}", "dct:MediaTypeOrExtent")
    if offer.service:
        found["dcat:accessService"] = {"@id": offer.service}
    else:
        found["dcat:downloadURL"] = {"@id": offer.address}
    return found


def _service(town: Town, told: Service, sets: Iterable[DataSet]) -> dict[str, Any]:
    return {
        "@id": told.address,
        "@type": "dcat:DataService",
        "dct:title": told.title,
        "dct:publisher": {"@id": _publisher(town)["@id"]},
        "dct:accessRights": _concept("access-right/PUBLIC", "dct:RightsStatement"),
        "dcat:endpointURL": {"@id": told.address},
        "dcat:endpointDescription": {"@id": told.description},
        "dcat:servesDataset": [
            {"@id": f"{each.page}#data"} for each in sets if any(offer.service == told.address for offer in each.offers)
        ],
    }


def schema_org(town: Town, told: DataSet, language: str) -> dict[str, Any]:
    """One data set as search engines read it, in the reader's language where the town has it."""

    def said(text: Mapping[str, str]) -> str:
        return text.get(language) or next(iter(text.values()), "")

    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": f"{told.page}#data",
        "name": said(told.title),
        "description": said(told.about),
        "url": told.page,
        "identifier": told.identifier,
        "inLanguage": list(town.languages),
        "isAccessibleForFree": True,
        "creator": {"@type": "GovernmentOrganization", "name": town.name, "url": town.home},
        "includedInDataCatalog": {"@type": "DataCatalog", "url": town.catalogue},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": offer.title,
                "encodingFormat": offer.bare_type,
                "contentUrl": offer.address,
            }
            for offer in told.offers
        ],
    }
    if told.licence:
        found["license"] = told.licence.uri
    if told.keywords:
        found["keywords"] = [said(keyword) for keyword in told.keywords]
    if told.modified:
        found["dateModified"] = told.modified.isoformat()
    if told.begins:
        found["temporalCoverage"] = f"{told.begins.isoformat()}/{told.ends.isoformat() if told.ends else '..'}"
    if told.box:
        west, south, east, north = told.box
        # Latitude first: schema.org speaks of GeoRSS boxes.
        found["spatialCoverage"] = {
            "@type": "Place",
            "geo": {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"},
        }
    return found


def _publisher(town: Town) -> dict[str, Any]:
    return {"@id": f"{town.home}#town", "@type": "foaf:Agent", "foaf:name": town.name}


def _languages(town: Town) -> list[dict[str, str]]:
    return [_concept(f"language/{LANGUAGES[code]}", "dct:LinguisticSystem") for code in town.languages]


def _texts(text: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@language": language, "@value": words} for language, words in sorted(text.items()) if words]


def _concept(name: str, kind: str = "") -> dict[str, str]:
    return {"@id": _EU + name} | ({"@type": kind} if kind else {})


def _document(kind: str, licence: Licence) -> dict[str, str]:
    return {"@id": licence.uri, "@type": kind, "rdfs:label": licence.name}


def _day(day: date) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day.isoformat()}


def _polygon(box: Sequence[float]) -> str:
    west, south, east, north = box
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return f"POLYGON(({', '.join(f'{lon:.5f} {lat:.5f}' for lon, lat in corners)}))"
