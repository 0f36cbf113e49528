"""The words projects of one sort begin with, in the four languages; the town changes them as it likes."""

from typing import TypedDict

Text = dict[str, str]


class Words(TypedDict):
    """The texts of a project, and what its sort is called."""

    name: Text
    question: Text
    summary: Text
    rules: Text
    outcome: Text


def _in(nl: str, fr: str, en: str, de: str) -> Text:
    return {"nl": nl, "fr": fr, "en": en, "de": de}


_ORDER = _in(
    "De stemmen bepalen de volgorde. Het college beslist en zegt voor elke plek waarom.",
    "Les votes déterminent l’ordre. Le collège décide et dit pourquoi pour chaque lieu.",
    "The votes give the order. The college decides and says why for each place.",
    "Die Stimmen bestimmen die Reihenfolge. Das Kollegium entscheidet und begründet jeden Ort.",
)

CHARGING: Words = {
    "name": _in("Laadpalen", "Bornes de recharge", "Charging points", "Ladesäulen"),
    "question": _in(
        "Waar wil jij een laadpaal?",
        "Où voulez-vous une borne de recharge ?",
        "Where do you want a charging point?",
        "Wo möchten Sie eine Ladesäule?",
    ),
    "summary": _in(
        "Kies tot 5 plekken waar je een laadpaal zou gebruiken.",
        "Choisissez jusqu’à 5 lieux où vous utiliseriez une borne.",
        "Choose up to 5 places where you would use a charging point.",
        "Wählen Sie bis zu 5 Orte, an denen Sie laden würden.",
    ),
    "rules": _in(
        "Drukke en centrale plekken eerst.\nGoed gespreid over stad en dorpen.\n"
        "Liefst een parking of haakse parkeerplaatsen, niet langs de straat.",
        "D’abord les lieux centraux et fréquentés.\nUne bonne répartition entre ville et villages.\n"
        "De préférence un parking ou des places perpendiculaires, pas le long de la rue.",
        "Central and busy places first.\nWell spread over town and villages.\n"
        "Preferably a car park or perpendicular bays, not along the street.",
        "Zuerst zentrale und belebte Orte.\nGut verteilt über Stadt und Dörfer.\n"
        "Am besten ein Parkplatz oder Senkrechtparkplätze, nicht am Straßenrand.",
    ),
    "outcome": _ORDER,
}
BENCHES: Words = {
    "name": _in("Zitbanken", "Bancs", "Benches", "Bänke"),
    "question": _in(
        "Waar komt een zitbank?", "Où placer un banc ?", "Where should a bench come?", "Wo soll eine Bank stehen?"
    ),
    "summary": _in(
        "Stel een plek voor waar je even wil zitten. Daarna stemmen we.",
        "Proposez un lieu où vous aimeriez vous asseoir. Ensuite, on vote.",
        "Suggest a place where you would like to sit down. Then we vote.",
        "Schlagen Sie einen Ort vor, an dem Sie gern sitzen würden. Danach stimmen wir ab.",
    ),
    "rules": _in(
        "Op openbaar domein.\nEr blijft genoeg plaats om voorbij te gaan.",
        "Sur le domaine public.\nIl reste assez de place pour passer.",
        "On public ground.\nEnough room is left to pass.",
        "Auf öffentlichem Grund.\nEs bleibt genug Platz, um vorbeizugehen.",
    ),
    "outcome": _ORDER,
}
BOXES: Words = {
    "name": _in("Nutskasten", "Armoires de rue", "Utility boxes", "Verteilerkästen"),
    "question": _in(
        "Welke nutskast krijgt kleur?",
        "Quelle armoire de rue mettre en couleur ?",
        "Which utility box gets colour?",
        "Welcher Verteilerkasten bekommt Farbe?",
    ),
    "summary": _in(
        "Wijs een saaie kast aan. De mooiste plekken krijgen een schildering.",
        "Montrez-nous une armoire grise. Les meilleurs endroits recevront une peinture.",
        "Point out a dull box. The best places get a painting.",
        "Zeigen Sie uns einen grauen Kasten. Die besten Orte werden bemalt.",
    ),
    "rules": _in(
        "Eén kast per voorstel.\nDe eigenaar van de kast moet akkoord gaan.\nEen foto helpt.",
        "Une armoire par proposition.\nLe propriétaire de l’armoire doit être d’accord.\nUne photo aide.",
        "One box in each proposal.\nThe owner of the box must agree.\nA photo helps.",
        "Ein Kasten je Vorschlag.\nDer Eigentümer des Kastens muss zustimmen.\nEin Foto hilft.",
    ),
    "outcome": _ORDER,
}
VILLAGE: Words = {
    "name": _in("Dorpskern", "Centre du village", "Village centre", "Dorfkern"),
    "question": _in(
        "Hoe wordt ons dorpsplein beter?",
        "Comment améliorer la place du village ?",
        "How does our village square get better?",
        "Wie wird unser Dorfplatz besser?",
    ),
    "summary": _in(
        "Zeg op de kaart wat er anders moet. Uit de voorstellen maken we drie ontwerpen, en jij zet ze op volgorde.",
        "Dites sur la carte ce qui doit changer. Nous en tirons trois projets, que vous classez.",
        "Say on the map what must change. We make three designs of it, and you put them in order.",
        "Sagen Sie auf der Karte, was anders werden soll. Daraus entstehen drei Entwürfe, die Sie ordnen.",
    ),
    "rules": _in(
        "Eén idee per voorstel.\nDe kerk en de monumenten blijven staan.\nDe bus moet er nog door kunnen.",
        "Une idée par proposition.\nL’église et les monuments restent.\nLe bus doit encore pouvoir passer.",
        "One idea in each proposal.\nThe church and the monuments stay.\nThe bus must still get through.",
        "Eine Idee je Vorschlag.\nKirche und Denkmäler bleiben.\nDer Bus muss noch durchkommen.",
    ),
    "outcome": _in(
        "Het ontwerp dat wint, wordt verder uitgewerkt. Wat niet kan, leggen we uit.",
        "Le projet gagnant est développé. Nous expliquons ce qui n’est pas possible.",
        "The design that wins is worked out. We explain what cannot be done.",
        "Der Entwurf, der gewinnt, wird ausgearbeitet. Was nicht geht, erklären wir.",
    ),
}
LINE_UP: Words = {
    "name": _in("Concerten", "Concerts", "Concerts", "Konzerte"),
    "question": _in("Wie moet er optreden?", "Qui doit se produire ?", "Who should play?", "Wer soll auftreten?"),
    "summary": _in(
        "Stel een groep voor. Uit de selectie kies je daarna je vijf favorieten.",
        "Proposez un groupe. Ensuite, choisissez vos cinq favoris dans la sélection.",
        "Suggest a group. Then choose your five favourites from the shortlist.",
        "Schlagen Sie eine Gruppe vor. Danach wählen Sie fünf Favoriten aus der Auswahl.",
    ),
    "rules": _in(
        "Eén groep of artiest per voorstel.",
        "Un groupe ou artiste par proposition.",
        "One group or artist in each proposal.",
        "Eine Gruppe oder ein Künstler je Vorschlag.",
    ),
    "outcome": _in(
        "We vragen de groepen in de volgorde van de stemming, zolang het budget reikt.",
        "Nous invitons les groupes dans l’ordre du vote, dans la limite du budget.",
        "We ask the groups in the order of the vote, as far as the budget goes.",
        "Wir fragen die Gruppen in der Reihenfolge der Abstimmung, solange das Budget reicht.",
    ),
}
PASS: Words = {
    "name": _in("UiTPAS", "Carte loisirs", "Leisure pass", "Freizeitpass"),
    "question": _in(
        "Wat wil jij doen met je UiTPAS?",
        "Que voulez-vous faire avec votre carte loisirs ?",
        "What do you want to do with your leisure pass?",
        "Was möchten Sie mit Ihrem Freizeitpass machen?",
    ),
    "summary": _in(
        "Vul een kort formulier in en zeg wat er nog mist in het aanbod. Dat kan ook zonder account.",
        "Remplissez un court formulaire et dites ce qui manque dans l’offre. C’est possible sans compte.",
        "Fill in a short form and say what is missing from the offer. You need no account.",
        "Füllen Sie ein kurzes Formular aus und sagen Sie, was im Angebot fehlt. Das geht auch ohne Konto.",
    ),
    "rules": _in(
        "Je antwoordt voor jezelf.\nSchrijf niets over je gezondheid of je inkomen.\nNiemand ziet jouw naam bij je "
        "antwoorden.",
        "Vous répondez pour vous-même.\nN’écrivez rien sur votre santé ni vos revenus.\nPersonne ne voit votre nom à "
        "côté de vos réponses.",
        "You answer for yourself.\nWrite nothing about your health or your income.\nNobody sees your name beside your "
        "answers.",
        "Sie antworten für sich selbst.\nSchreiben Sie nichts über Gesundheit oder Einkommen.\nNiemand sieht Ihren "
        "Namen neben Ihren Antworten.",
    ),
    "outcome": _in(
        "Met de antwoorden gaan we naar de verenigingen. We zeggen hier wat zij antwoorden en wat er verandert.",
        "Nous portons les réponses aux associations. Leurs réactions et les changements paraîtront ici.",
        "We take the answers to the clubs. Here we say what they answer and what will change.",
        "Mit den Antworten gehen wir zu den Vereinen. Hier sagen wir, was sie antworten und was sich ändert.",
    ),
}
ASKING = _in("Bevraging", "Enquête", "Survey", "Befragung")
THEME_GREEN = _in("Groen", "Verdure", "Green", "Grün")
THEME_TRAFFIC = _in("Verkeer", "Circulation", "Traffic", "Verkehr")
THEME_MEETING = _in("Ontmoeten", "Rencontres", "Meeting", "Begegnung")
THEME_OTHER = _in("Andere", "Autre", "Other", "Anderes")
