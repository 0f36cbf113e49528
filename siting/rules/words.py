"""Finds the words in which some texts differ from others."""

import re
from collections import Counter
from collections.abc import Iterable

WORD = re.compile(r"[^\W\d_]{4,}")
# How much more often, in shares of the texts, and in how many of them at least.
LEAST_LIFT, LEAST_TEXTS = 1.5, 2

# Words of four letters and more that carry no subject, in the four languages.
_EMPTY = """
aan alle alleen altijd andere beter bijna binnen boven daar daarom dagen deze dichtbij dicht door echt eens
eigenlijk enkel enkele gaan gaat geen goed goede graag groot grote haar hebben hebt heeft heel hele hier hoeveel
iedereen iemand iets jullie kleine komen komt kunnen laat langs leuk maar maken mensen meer meest moet moeten
naar naast nabij niet niets nodig nooit omdat onder onze ongeveer ook over overal plaats plek rond samen soms
staan staat steeds tegen terwijl tijdens tussen vaak vandaag veel verder vlak vlakbij voor vooral waar waarom
wanneer want ware weinig welke werd weten wij willen wordt worden zeer zelf zelfs zien zijn zoals zodat zonder zou
zouden zullen
alors aussi autre autres avec avoir beaucoup bien celle cela cette ceux chaque chez comme dans depuis dont elle
elles encore entre est être faire fait faut ici jamais juste leur leurs lieu mais même moins notre nous parce pas
pendant personne plus pour pourquoi près proche quand quel quelle sans sera serait seulement soit sont sous souvent
sur toujours tous tout toute toutes très trop vers votre vous
about after also always because been before being between close could does each even every from good great have
here into just less like many more most much near need needs never only other over people place same should some
such than that their them then there these they this those very want well were what when where which while will
with would your
aber alle allem allen aller alles also andere auch beim bereits besser bitte dann darum dass diese diesem diesen
dieser dort durch eine einem einen einer eines einfach etwas fast ganz gegen gibt habe haben hier immer jede jeder
kann kein keine können leute mehr mein müssen nach nahe nicht nichts noch nähe oder ohne platz sehr sein seine
sich sind sollte sondern unser unter viel viele warum weil weniger wenn werden wird wurde zwischen über
"""
EMPTY = frozenset(_EMPTY.split())


def _words(text: str) -> set[str]:
    return {word for word in WORD.findall(text.lower()) if word not in EMPTY}


def standing_out(here: Iterable[str], elsewhere: Iterable[str], *, limit: int) -> list[str]:
    """Which words occur in clearly more of these texts than of the others?

    Order    most out of proportion first, weighed by how many texts hold the word; then by alphabet.
    """
    inside, outside = [_words(text) for text in here], [_words(text) for text in elsewhere]
    n_inside, n_outside = Counter(w for t in inside for w in t), Counter(w for t in outside for w in t)
    scores = {}
    for word, n in n_inside.items():
        # As if every word had been said once more by half a text: rare words do not win by chance alone.
        lift = ((n + 0.5) / (len(inside) + 1)) / ((n_outside[word] + 0.5) / (len(outside) + 1))
        if n >= LEAST_TEXTS and (lift >= LEAST_LIFT or not outside):
            scores[word] = n * lift
    return sorted(scores, key=lambda word: (-scores[word], word))[:limit]
