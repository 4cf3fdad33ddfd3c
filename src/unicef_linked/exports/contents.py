"""Which tables there are: each row and cell as the pattern that finds it.

The columns of ``PRESENCE`` are, first, those of the operational-presence table of HDX HAPI, in the words of its documentation;
a column that only HAPI can fill stays empty. Our own follow.
"""

from __future__ import annotations

from typing import Final

from unicef_linked.exports.geojson import read_geometry
from unicef_linked.exports.tables import Column, Each, Table

_ENGLISH: Final = 'FILTER(LANG(?value) = "en")'
_ALPHA_3: Final = "?by skos:notation ?value FILTER(DATATYPE(?value) = ul:iso3166-1-alpha-3)"

_ORGANIZATION: Final = """
  ?office org:subOrganizationOf ?unit
  OPTIONAL { ?unit org:unitOf ?parent }
  BIND(COALESCE(?parent, ?unit) AS ?by)
"""
_ACRONYM: Final = "^[A-Z]+$"

_CLUSTER: Final = """
  { ?sector skos:exactMatch|skos:closeMatch ?code } UNION { ?sector skos:broader/(skos:exactMatch|skos:closeMatch) ?code }
  ?code skos:notation ?cluster FILTER(DATATYPE(?cluster) = ul:cluster)
"""
"""The humanitarian cluster of a sector, or of the sector that it is a part of."""


def _itself(name: str, kind: str, hashtag: str = "") -> Column:
    pattern = f"?{name} a {kind} BIND(?{name} AS ?value)"
    return Column(name, name, pattern, datatype="anyURI", hashtag=hashtag)


PRESENCE: Final = Table(
    "3w",
    "?office ul:coversRegion ?region ; ul:worksInSector ?sector",
    ("office", "region", "sector"),
    (
        Column(
            "location_code",
            "region",
            f"?region ul:inCountry ?by . {_ALPHA_3}",
            hashtag="#country+code+v_iso3",
        ),
        Column(
            "location_name",
            "region",
            f"?region ul:inCountry ?by . ?by skos:prefLabel ?value {_ENGLISH}",
            hashtag="#country+name",
        ),
        Column(
            "admin1_code",
            "region",
            "?region skos:notation ?value FILTER(DATATYPE(?value) = ul:pcode)",
            hashtag="#adm1+code+v_pcode",
        ),
        Column(
            "admin1_name",
            "region",
            f"?region skos:prefLabel ?value {_ENGLISH}",
            hashtag="#adm1+name",
        ),
        Column("admin2_code", "region", hashtag="#adm2+code+v_pcode"),
        Column("admin2_name", "region", hashtag="#adm2+name"),
        Column(
            "org_acronym",
            "office",
            f"{_ORGANIZATION} ?by skos:prefLabel|skos:altLabel ?value {_ENGLISH} "
            f'FILTER(REGEX(STR(?value), "{_ACRONYM}"))',
            hashtag="#org+acronym",
        ),
        Column(
            "org_name",
            "office",
            f"""{_ORGANIZATION} ?by skos:prefLabel ?short FILTER(LANG(?short) = "en")
            OPTIONAL {{
              ?by skos:prefLabel|skos:altLabel ?long FILTER(LANG(?long) = "en" && !REGEX(STR(?long), "{_ACRONYM}"))
            }}
            BIND(COALESCE(?long, ?short) AS ?value)""",
            hashtag="#org+name",
        ),
        Column("org_type_code", "office", hashtag="#org+type+code"),
        Column("org_type_description", "office", hashtag="#org+type+name"),
        Column(
            "sector_code", "sector", f"{_CLUSTER} BIND(?cluster AS ?value)", hashtag="#sector+code"
        ),
        Column(
            "sector_name",
            "sector",
            f"""?sector a ul:Sector ; skos:prefLabel ?own FILTER(LANG(?own) = "en")
            OPTIONAL {{ {_CLUSTER} ?code skos:prefLabel ?official FILTER(LANG(?official) = "en") }}
            BIND(COALESCE(?official, ?own) AS ?value)""",
            hashtag="#sector+name",
        ),
        Column("resource_hdx_id", "office", hashtag="#meta+id"),
        Column("reference_period_start", "office", hashtag="#date+start"),
        Column("reference_period_end", "office", hashtag="#date+end"),
        *(Column(name, "region") for name in ("location_ref", "admin1_ref", "admin2_ref")),
        Column(
            "subsector_code",
            "sector",
            f'{_CLUSTER} ?sector ul:hxlTag ?tag FILTER(STRSTARTS(STR(?tag), "#subsector")) BIND(?cluster AS ?value)',
            hashtag="#subsector+code",
        ),
        _itself("office", "ul:Office", "#org+office+id"),
        Column(
            "office_name",
            "office",
            "?office skos:prefLabel ?value",
            each=Each.LANGUAGE,
            hashtag="#org+office+name",
        ),
        _itself("region", "ul:Region", "#adm1+id"),
        Column(
            "region_code",
            "region",
            "?region skos:notation ?value FILTER(DATATYPE(?value) = ul:iso3166-2)",
            hashtag="#adm1+code+v_iso3166_2",
        ),
        Column(
            "region_name_fr",
            "region",
            '?region skos:prefLabel ?value FILTER(LANG(?value) = "fr")',
            hashtag="#adm1+name+i_fr",
        ),
        _itself("sector", "ul:Sector", "#sector+id"),
        Column(
            "sector_name",
            "sector",
            "?sector skos:prefLabel ?value",
            each=Each.LANGUAGE,
            hashtag="#sector+name",
        ),
    ),
)


def _coordinate(position: int, text: str) -> str:
    """Return one coordinate of a point written as GeoJSON, "" of anything else."""
    geometry = read_geometry(text)
    return (
        str(geometry["coordinates"][position]) if geometry and geometry["type"] == "Point" else ""
    )


_POINT: Final = """
  { ?region geo:hasCentroid ?by } UNION { ?region geo:hasDefaultGeometry ?by FILTER NOT EXISTS { ?region geo:hasCentroid ?c } }
  ?by geo:asGeoJSON ?value
"""

OFFICES: Final = Table(
    "offices",
    "?office a ul:Office",
    ("office",),
    (
        _itself("office", "ul:Office"),
        Column(
            "type",
            "office",
            "?office a ?value . ?value rdfs:subClassOf ul:Office",
            "rdf:type",
            datatype="anyURI",
        ),
        Column("name", "office", "?office skos:prefLabel ?value", "skos:prefLabel", Each.LANGUAGE),
        Column(
            "other_name",
            "office",
            "?office skos:altLabel ?value",
            "skos:altLabel",
            Each.LANGUAGE,
            many=True,
        ),
        Column(
            "organization",
            "office",
            "?office org:subOrganizationOf ?value",
            "org:subOrganizationOf",
            datatype="anyURI",
        ),
        Column("country_code", "office", f"?office ul:inCountry ?by . {_ALPHA_3}"),
        Column("place", "office", "?office ul:locatedIn ?value", "ul:locatedIn", datatype="anyURI"),
        Column(
            "place_name",
            "office",
            "?office ul:locatedIn ?by . ?by skos:prefLabel ?value",
            "",
            Each.LANGUAGE,
        ),
        Column(
            "latitude",
            "office",
            "?office ul:locatedIn ?by . ?by wgs84:lat ?value",
            datatype="decimal",
        ),
        Column(
            "longitude",
            "office",
            "?office ul:locatedIn ?by . ?by wgs84:long ?value",
            datatype="decimal",
        ),
        Column(
            "place",
            "office",
            "?office ul:locatedIn ?by . ?by skos:notation ?value",
            "",
            Each.SCHEME,
        ),
        Column("opened_on", "office", "?office ul:openedOn ?value", "ul:openedOn"),
        Column(
            "staff_count",
            "office",
            "?office ul:staffCount ?value",
            "ul:staffCount",
            datatype="integer",
        ),
        Column(
            "covers_region",
            "office",
            "?office ul:coversRegion ?value",
            "ul:coversRegion",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "covers_region_pcode",
            "office",
            "?office ul:coversRegion ?by OPTIONAL { ?by skos:notation ?value FILTER(DATATYPE(?value) = ul:pcode) }",
            many=True,
        ),
        Column(
            "covers_region_name",
            "office",
            '?office ul:coversRegion ?by . ?by skos:prefLabel ?value FILTER(LANG(?value) IN ("en", "fr"))',
            each=Each.LANGUAGE,
            many=True,
        ),
        Column(
            "works_in_sector",
            "office",
            "?office ul:worksInSector ?value",
            "ul:worksInSector",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "works_in_sector_name",
            "office",
            "?office ul:worksInSector ?by . ?by skos:prefLabel ?value",
            each=Each.LANGUAGE,
            many=True,
        ),
        Column(
            "has_priority",
            "office",
            "?office ul:hasPriority ?value",
            "ul:hasPriority",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "has_priority_name",
            "office",
            "?office ul:hasPriority ?by . ?by skos:prefLabel ?value",
            each=Each.LANGUAGE,
            many=True,
        ),
    ),
)

REGIONS: Final = Table(
    "regions",
    "?region a ul:Region",
    ("region",),
    (
        _itself("region", "ul:Region"),
        Column("name", "region", "?region skos:prefLabel ?value", "skos:prefLabel", Each.LANGUAGE),
        Column(
            "other_name",
            "region",
            "?region skos:altLabel ?value",
            "skos:altLabel",
            Each.LANGUAGE,
            many=True,
        ),
        Column("country_code", "region", f"?region ul:inCountry ?by . {_ALPHA_3}"),
        Column("", "region", "?region skos:notation ?value", "skos:notation", Each.SCHEME),
        Column(
            "same_as",
            "region",
            "?region owl:sameAs ?value",
            "owl:sameAs",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "exact_match",
            "region",
            "?region skos:exactMatch ?value",
            "skos:exactMatch",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "close_match",
            "region",
            "?region skos:closeMatch ?value",
            "skos:closeMatch",
            datatype="anyURI",
            many=True,
        ),
        Column(
            "capital",
            "region",
            "?region ul:regionCapital ?value",
            "ul:regionCapital",
            datatype="anyURI",
        ),
        Column(
            "latitude", "region", _POINT, datatype="decimal", read=lambda text: _coordinate(1, text)
        ),
        Column(
            "longitude",
            "region",
            _POINT,
            datatype="decimal",
            read=lambda text: _coordinate(0, text),
        ),
        Column(
            "covered_by", "region", "?value ul:coversRegion ?region", datatype="anyURI", many=True
        ),
    ),
)


def _geometry(name: str, path: str) -> tuple[Column, ...]:
    """Return the columns of a geometry: itself, and what its source asks to be told with it."""
    start = f"?{name} {path} ?by ."
    return (
        Column("geometry", name, f"{start} ?by geo:asGeoJSON ?value"),
        Column("geometry_source", name, f"{start} ?by dcterms:source ?value", many=True),
        Column("geometry_license", name, f"{start} ?by dcterms:license ?value", many=True),
        Column("geometry_rights", name, f"{start} ?by dcterms:rights ?value", each=Each.LANGUAGE),
        Column("geometry_extent", name, f"{start} ?by ul:extentVintage ?value", each=Each.LANGUAGE),
    )


OFFICE_GEOMETRY: Final = _geometry("office", "ul:locatedIn/geo:hasDefaultGeometry")
REGION_GEOMETRY: Final = _geometry("region", "geo:hasDefaultGeometry")
