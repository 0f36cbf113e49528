"""Under which licence a town gives its open data; which there are to choose from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, by the name and address that everybody knows it by."""

    code: str
    name: str
    uri: str


# Source: data.vlaanderen.be/doc/licentie, creativecommons.org.
LICENCES = {
    licence.code: licence
    for licence in (
        Licence(
            "modellicentie",
            "Modellicentie Gratis Hergebruik v1.0",
            "https://data.vlaanderen.be/id/licentie/modellicentie-gratis-hergebruik/v1.0",
        ),
        Licence("cc0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        Licence("cc-by", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    )
}
USUAL = "modellicentie"
