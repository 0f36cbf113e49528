"""How a layer is drawn, in the words of QGIS (QML) and of the OGC (SLD 1.0). Knows no other format."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from geo.columns import Look

# A hand of QGIS's own: marks of 3 mm, lines of 0.6 mm, surfaces half seen through.
_SIZE_MM, _LINE_MM = 3, 0.6
_WHITE = "255,255,255,255"
_EDGE = {"outline_color": _WHITE, "outline_width": "0.2", "outline_width_unit": "MM"}


def _kind(geometry_type: str) -> str:
    bare = geometry_type.removeprefix("Multi")
    return {"Point": "marker", "LineString": "line", "Polygon": "fill"}.get(bare, "")


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _symbol(name: str, kind: str, colour: str) -> str:
    match kind:
        case "marker":
            drawn = "SimpleMarker"
            options = {"name": "circle", "color": _rgba(colour), "size": str(_SIZE_MM), "size_unit": "MM"} | _EDGE
        case "line":
            drawn = "SimpleLine"
            options = {"line_color": _rgba(colour), "line_width": str(_LINE_MM), "line_width_unit": "MM"}
        case _:
            drawn = "SimpleFill"
            options = {"color": _rgba(colour, 128), "style": "solid"} | _EDGE | {"outline_color": _rgba(colour)}
    told = "".join(
        f'<Option type="QString" name="{name}" value={quoteattr(value)}/>' for name, value in options.items()
    )
    return (
        f'<symbol type="{kind}" name={quoteattr(name)} alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{drawn}" enabled="1" locked="0" pass="0"><Option type="Map">{told}</Option></layer></symbol>'
    )


def qml(look: Look, geometry_type: str) -> str:
    """The style as QGIS keeps it; empty for a layer of different kinds of places, which QGIS shows as several."""
    kind = _kind(geometry_type)
    if not kind:
        return ""
    if look.values:
        categories = "".join(
            f'<category render="true" type="string" symbol="{at}" value={quoteattr(value)} label={quoteattr(label)}/>'
            for at, (value, label, _colour) in enumerate(look.values)
        )
        # What has none of these values is drawn too.
        categories += f'<category render="true" type="string" symbol="{len(look.values)}" value="" label="-"/>'
        colours = [colour for _value, _label, colour in look.values] + [look.colour]
        symbols = "".join(_symbol(str(at), kind, colour) for at, colour in enumerate(colours))
        head = f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(look.column)}'
        inside = f"<categories>{categories}</categories><symbols>{symbols}</symbols>"
    else:
        head = '<renderer-v2 type="singleSymbol"'
        inside = f"<symbols>{_symbol('0', kind, look.colour)}</symbols>"
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        '<qgis version="3.28.0" styleCategories="Symbology">'
        f'{head} forceraster="0" symbollevels="0" enableorderby="0">{inside}</renderer-v2></qgis>'
    )


def _css(name: str, value: str) -> str:
    return f'<CssParameter name="{name}">{value}</CssParameter>'


def _drawn(kind: str, colour: str) -> str:
    fill = f"<Fill>{_css('fill', colour)}</Fill>"
    match kind:
        case "marker":
            mark = f"<Mark><WellKnownName>circle</WellKnownName>{fill}</Mark>"
            return f"<PointSymbolizer><Graphic>{mark}<Size>10</Size></Graphic></PointSymbolizer>"
        case "line":
            stroke = _css("stroke", colour) + _css("stroke-width", "2")
            return f"<LineSymbolizer><Stroke>{stroke}</Stroke></LineSymbolizer>"
    fill = f"<Fill>{_css('fill', colour)}{_css('fill-opacity', '0.5')}</Fill>"
    return f"<PolygonSymbolizer>{fill}<Stroke>{_css('stroke', colour)}</Stroke></PolygonSymbolizer>"


def _rules(look: Look, kind: str) -> Iterator[str]:
    for value, label, colour in look.values:
        name, held = escape(look.column), escape(value)
        same = f"<ogc:PropertyName>{name}</ogc:PropertyName><ogc:Literal>{held}</ogc:Literal>"
        only = f"<ogc:Filter><ogc:PropertyIsEqualTo>{same}</ogc:PropertyIsEqualTo></ogc:Filter>"
        yield f"<Rule><Name>{escape(label)}</Name>{only}{_drawn(kind, colour)}</Rule>"
    otherwise = "<ElseFilter/>" if look.values else ""
    yield f"<Rule>{otherwise}{_drawn(kind, look.colour)}</Rule>"


def sld(look: Look, geometry_type: str, name: str) -> str:
    """The style as a Styled Layer Descriptor."""
    kind = _kind(geometry_type)
    if not kind:
        return ""
    rules = "".join(_rules(look, kind))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><StyledLayerDescriptor version="1.0.0" '
        'xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">'
        f"<NamedLayer><Name>{escape(name)}</Name><UserStyle><FeatureTypeStyle>{rules}</FeatureTypeStyle></UserStyle>"
        "</NamedLayer></StyledLayerDescriptor>"
    )
