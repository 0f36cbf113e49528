"""The questions projects of one sort begin with, in the four languages; the town changes them as it likes."""

from participation.rules.questions import Kind, Option, Question, Questions, When
from participation.rules.template_texts import Text


def _in(nl: str, fr: str, en: str, de: str) -> Text:
    return {"nl": nl, "fr": fr, "en": en, "de": de}


def _options(*texts: Text) -> tuple[Option, ...]:
    return tuple(Option(f"o{n}", text) for n, text in enumerate(texts, start=1))


_YES = _in("Ja", "Oui", "Yes", "Ja")

PASS: Questions = (
    Question(
        "q1",
        Kind.ONE,
        _in(
            "Heb je een UiTPAS?",
            "Avez-vous une carte loisirs ?",
            "Do you have a leisure pass?",
            "Haben Sie einen Freizeitpass?",
        ),
        options=_options(
            _YES,
            _in("Nog niet", "Pas encore", "Not yet", "Noch nicht"),
            _in("Ik ken hem niet", "Je ne la connais pas", "I do not know it", "Ich kenne ihn nicht"),
        ),
        is_required=True,
        is_public=True,
    ),
    Question(
        "q2",
        Kind.MANY,
        _in(
            "Waarvoor gebruik je hem?",
            "À quoi vous sert-elle ?",
            "What do you use it for?",
            "Wofür benutzen Sie ihn?",
        ),
        _in(
            "Kruis alles aan wat past.",
            "Cochez tout ce qui convient.",
            "Tick all that fits.",
            "Kreuzen Sie alles an, was passt.",
        ),
        options=_options(
            _in("Sport", "Sport", "Sports", "Sport"),
            _in("Zwemmen", "Natation", "Swimming", "Schwimmen"),
            _in(
                "Concert, film of theater",
                "Concert, film ou théâtre",
                "Concert, film or theatre",
                "Konzert, Film oder Theater",
            ),
            _in("Bibliotheek", "Bibliothèque", "Library", "Bibliothek"),
            _in(
                "Jeugdwerking of kamp",
                "Activités jeunesse ou camps",
                "Youth work or camps",
                "Jugendarbeit oder Ferienlager",
            ),
        ),
        is_public=True,
        when=When("q1", ("o1",)),
    ),
    Question(
        "q3",
        Kind.ONE,
        _in(
            "Wat houdt je tegen?",
            "Qu’est-ce qui vous retient ?",
            "What keeps you from it?",
            "Was hält Sie davon ab?",
        ),
        options=_options(
            _in(
                "Ik weet niet hoe het werkt",
                "Je ne sais pas comment elle fonctionne",
                "I do not know how it works",
                "Ich weiß nicht, wie er funktioniert",
            ),
            _in(
                "Er is te weinig aanbod in mijn buurt",
                "Il y a trop peu d’offre près de chez moi",
                "There is too little near me",
                "In meiner Nähe gibt es zu wenig",
            ),
            _in("Het is te duur", "C’est trop cher", "It is too dear", "Es ist zu teuer"),
            _in(
                "Ik heb er geen tijd voor", "Je n’ai pas le temps", "I have no time for it", "Ich habe keine Zeit dafür"
            ),
            _in("Iets anders", "Autre chose", "Something else", "Etwas anderes"),
        ),
        is_public=True,
        when=When("q1", ("o2", "o3")),
    ),
    Question(
        "q4",
        Kind.AGREE,
        _in(
            "Er is in mijn dorp of wijk genoeg te doen",
            "Il y a assez d’activités dans mon village ou quartier",
            "There is enough to do in my village or neighbourhood",
            "In meinem Dorf oder Viertel ist genug los",
        ),
        is_public=True,
    ),
    Question(
        "q5",
        Kind.LONG,
        _in(
            "Wat mis je in het aanbod?",
            "Que manque-t-il dans l’offre ?",
            "What is missing from the offer?",
            "Was fehlt Ihnen im Angebot?",
        ),
        _in(
            "Schrijf niets over je gezondheid of je inkomen.",
            "N’écrivez rien sur votre santé ni vos revenus.",
            "Write nothing about your health or your income.",
            "Schreiben Sie nichts über Gesundheit oder Einkommen.",
        ),
    ),
    Question(
        "q6",
        Kind.NUMBER,
        _in("Hoe oud ben je?", "Quel âge avez-vous ?", "How old are you?", "Wie alt sind Sie?"),
        at_least=6,
        at_most=120,
    ),
)

BOXES: Questions = (
    Question(
        "q1",
        Kind.ONE,
        _in(
            "Wie zou de kast beschilderen?",
            "Qui peindrait l’armoire ?",
            "Who would paint the box?",
            "Wer würde den Kasten bemalen?",
        ),
        options=_options(
            _in(
                "Ik of iemand die ik ken",
                "Moi ou quelqu’un que je connais",
                "I or somebody I know",
                "Ich oder jemand, den ich kenne",
            ),
            _in(
                "Dat mag de stad kiezen",
                "La ville peut choisir",
                "The town may choose",
                "Das darf die Stadt entscheiden",
            ),
        ),
        is_required=True,
        is_public=True,
    ),
    Question(
        "q2",
        Kind.PHOTO,
        _in(
            "Een ontwerp of een voorbeeld",
            "Un projet ou un exemple",
            "A design or an example",
            "Ein Entwurf oder ein Beispiel",
        ),
        _in(
            "Alleen wat je zelf maakte. Geen reclame, niets dat op een verkeersbord lijkt.",
            "Seulement votre propre travail. Pas de publicité, rien qui ressemble à un panneau routier.",
            "Only what you made yourself. No advertising, nothing that looks like a traffic sign.",
            "Nur was Sie selbst gemacht haben. Keine Werbung, nichts, was wie ein Verkehrszeichen aussieht.",
        ),
        when=When("q1", ("o1",)),
    ),
)

VILLAGE: Questions = (
    Question(
        "q1",
        Kind.AGREE,
        _in(
            "Ik kom hier graag",
            "J’aime venir ici",
            "I like to come here",
            "Ich bin gerne hier",
        ),
    ),
    Question(
        "q2",
        Kind.MANY,
        _in(
            "Voor wie is dit belangrijk?",
            "Pour qui est-ce important ?",
            "For whom does this matter?",
            "Für wen ist das wichtig?",
        ),
        options=_options(
            _in("Kinderen", "Les enfants", "Children", "Kinder"),
            _in("Ouderen", "Les personnes âgées", "Older people", "Ältere Menschen"),
            _in(
                "Wie slecht te been is",
                "Les personnes à mobilité réduite",
                "People who walk with difficulty",
                "Menschen, die schlecht zu Fuß sind",
            ),
            _in("Fietsers", "Les cyclistes", "Cyclists", "Radfahrer"),
            _in("Winkels en cafés", "Les commerces et cafés", "Shops and cafés", "Läden und Cafés"),
        ),
        is_public=True,
    ),
)
