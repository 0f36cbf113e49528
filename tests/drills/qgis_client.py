"""What QGIS sees, by its own Python: run by the system's, which has QGIS (``/usr/bin/python3 qgis_client.py IN OUT``).

In: a JSON list of questions {"ask": name of a function below, ...}. Out: their answers in the same order; of one that
failed {"error": ...}.
"""

import json
import sys
import tempfile
from typing import Any

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeatureRequest,
    QgsGeometry,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]


def signed_in(token: str) -> str:
    """Keep a token as users of QGIS do, as the password of a configuration; its id."""
    config = QgsAuthMethodConfig("Basic")
    config.setName(token[:8])
    config.setConfig("username", "qgis")
    config.setConfig("password", token)
    done, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    assert done
    return str(config.id())


def live(address: str, layer: str, token: str = "") -> Any:
    """A live layer."""
    uri = f"url='{address}/ogc/' typename='{layer}' pagingEnabled='true' pageSize='7'"
    found = QgsVectorLayer(uri + (f" authcfg={signed_in(token)}" if token else ""), layer, "OAPIF")
    if not found.isValid():
        raise ValueError(found.error().summary() or "not valid")
    return found


def rows(address: str, layer: str, key: str, srid: int, token: str = "") -> list[Any]:
    """The key and the place of every row in this plane."""
    asked = QgsFeatureRequest()
    crs = QgsCoordinateReferenceSystem(f"EPSG:{srid}")
    asked.setDestinationCrs(crs, QgsProject.instance().transformContext())
    found = live(address, layer, token)
    return [
        [int(one[key]), None if one.geometry().isNull() else bytes(one.geometry().asWkb()).hex()]
        for one in found.getFeatures(asked)
    ]


def style(path: str) -> dict[str, Any]:
    """How a file is drawn when it is opened."""
    layer = QgsVectorLayer(path, "file", "ogr")
    renderer = layer.renderer()
    named = [
        [item.value(), item.label(), item.symbol().color().name()] for item in getattr(renderer, "categories", list)()
    ]
    return {"renderer": renderer.type(), "categories": named, "crs": layer.crs().authid()}


def edit(path: str, to: str, texts: dict[str, dict[str, str]], moves: dict[str, list[float]]) -> int:
    """Write a copy with other texts and places, by number; how many rows it has."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    source = QgsVectorLayer(path, "file", "ogr")
    done = QgsVectorFileWriter.writeAsVectorFormatV3(source, to, QgsCoordinateTransformContext(), options)
    assert done[0] == QgsVectorFileWriter.NoError, done
    copy = QgsVectorLayer(to, "copy", "ogr")
    assert copy.startEditing()
    for one in copy.getFeatures():
        number = str(one["number"])
        for name, text in texts.get(number, {}).items():
            assert copy.changeAttributeValue(one.id(), copy.fields().indexOf(name), text)
        if number in moves:
            assert copy.changeGeometry(one.id(), QgsGeometry.fromPointXY(QgsPointXY(*moves[number])))
    assert copy.commitChanges()
    return int(copy.featureCount())


def tiles(address: str, box: list[float]) -> int:
    """How many points of a picture of 256 by 256 a layer of vector tiles draws in this box (EPSG:3857)."""
    layer = QgsVectorTileLayer(f"type=xyz&url={address}&zmin=0&zmax=14", "tiles")
    assert layer.isValid()
    styles = QgsVectorTileBasicRenderer.simpleStyle(
        QColor("red"), QColor("red"), 1.0, QColor("red"), 1.0, QColor("red"), QColor("red"), 4.0
    )
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(styles)
    layer.setRenderer(renderer)
    settings = QgsMapSettings()
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setLayers([layer])
    settings.setOutputSize(QSize(256, 256))
    settings.setExtent(QgsRectangle(*box))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    return sum(picture.pixelColor(x, y) != QColor("white") for x in range(256) for y in range(256))


ASKS = {one.__name__: one for one in (rows, style, edit, tiles)}


def answered(question: dict[str, Any]) -> Any:
    """The answer to one question."""
    try:
        return ASKS[question.pop("ask")](**question)
    except Exception as error:
        return {"error": repr(error)[:500]}


if __name__ == "__main__":
    # No window, and a folder of its own: nothing of whoever sits here is read.
    app = QgsApplication([], False, tempfile.mkdtemp())
    app.initQgis()
    QgsApplication.authManager().setMasterPassword("drill", True)
    with open(sys.argv[1], encoding="utf-8") as asked_file:
        questions = json.load(asked_file)
    answers = [answered(question) for question in questions]
    with open(sys.argv[2], "w", encoding="utf-8") as answers_file:
        json.dump(answers, answers_file)
    app.exitQgis()
