"""A small French to English word list, so that French questions reach English guidance without a translation model.

Our own list of everyday and peacekeeping vocabulary; a word it lacks passes through, which serves names and cognates.
"""

from __future__ import annotations

import re
import unicodedata

from knowledge.words import FRENCH_STOPWORDS

_PHRASES = {
    "afin de": "to", "à cause de": "because of", "chef de mission": "head of mission",
    "nations unies": "united nations", "conseil de sécurité": "security council",
    "secrétaire général": "secretary-general", "droits de l'homme": "human rights",
    "droits humains": "human rights", "représentant spécial": "special representative",
    "représentante spéciale": "special representative", "maintien de la paix": "peacekeeping",
    "consolidation de la paix": "peacebuilding", "état de droit": "rule of law",
    "bureau intégré": "integrated office", "équipe de pays": "country team", "mise en œuvre": "implementation",
    "prise de décision": "decision making", "rendre compte": "report account", "rend compte": "reports to",
    "rendent compte": "report to", "compte rendu": "report", "personnes déplacées": "displaced persons",
    "cessez-le-feu": "ceasefire", "quartier général": "headquarters", "société civile": "civil society",
    "renforcement des capacités": "capacity building", "aide humanitaire": "humanitarian assistance aid",
    "espace humanitaire": "humanitarian space", "coordonnateur résident": "resident coordinator",
    "coordonnateur humanitaire": "humanitarian coordinator", "chef d'état-major": "chief of staff",
    "commandant de la force": "force commander", "union africaine": "african union",
    "union européenne": "european union", "projets à effet rapide": "quick impact projects",
    "ligne hiérarchique": "reporting line", "fil conducteur": "guiding principle",
    "centre de gravité": "centre of gravity", "mesures de confiance": "confidence-building measures",
    "cour pénale": "criminal court", "groupes armés": "armed groups", "enfants soldats": "child soldiers",
    "violences sexuelles": "sexual violence", "violence sexuelle": "sexual violence", "au moins": "at least",
    "plus de": "more than", "en vigueur": "in force", "mise à jour": "update", "zone tampon": "buffer zone",
}  # fmt: skip

_PLACES = {
    "afrique": "Africa", "afrique centrale": "Central Africa", "afrique de l'ouest": "West Africa",
    "algérie": "Algeria", "arabie saoudite": "Saudi Arabia", "bosnie-herzégovine": "Bosnia and Herzegovina",
    "cameroun": "Cameroon", "chypre": "Cyprus", "colombie": "Colombia", "corne de l'afrique": "Horn of Africa",
    "erythrée": "Eritrea", "érythrée": "Eritrea", "ethiopie": "Ethiopia", "éthiopie": "Ethiopia", "égypte": "Egypt",
    "guinée": "Guinea", "guinée-bissau": "Guinea-Bissau", "haïti": "Haiti", "inde": "India", "irak": "Iraq",
    "israël": "Israel", "jordanie": "Jordan", "liban": "Lebanon", "libye": "Libya", "libéria": "Liberia",
    "maroc": "Morocco", "mauritanie": "Mauritania", "moyen-orient": "Middle East", "népal": "Nepal",
    "nord-kivu": "North Kivu", "ouganda": "Uganda", "palestine": "Palestine",
    "république centrafricaine": "Central African Republic", "centrafrique": "Central African Republic",
    "république démocratique du congo": "Democratic Republic of the Congo", "sahara occidental": "Western Sahara",
    "sierra leone": "Sierra Leone", "somalie": "Somalia", "soudan": "Sudan", "soudan du sud": "South Sudan",
    "sud-kivu": "South Kivu", "sud-soudan": "South Sudan", "syrie": "Syria", "tanzanie": "Tanzania", "tchad": "Chad",
    "tunisie": "Tunisia", "turquie": "Türkiye", "yémen": "Yemen",
}  # fmt: skip
"""Countries and regions where the United Nations is present, or which are their neighbours."""

_WORDS = dict(
    pair.split(":")
    for pair in """
    accord:agreement adjoint:deputy adjointe:deputy rend:reports rendent:report compte:account
    accords:agreements accès:access acteur:actor acteurs:actors action:action actions:actions
    administration:administration affaires:affairs agence:agency agences:agencies aide:aid aider:help
    ainsi:thus allocation:allocation améliorer:improve analyse:analysis année:year années:years ans:years
    appui:support appuyer:support approche:approach arme:weapon armée:army armées:armed armes:weapons
    arrivée:arrival attaque:attack attaques:attacks attention:attention atteindre:reach autorisé:authorized
    autorité:authority autorités:authorities avantage:advantage avantages:advantages besoin:need besoins:needs
    blessés:injured budget:budget bureau:office bureaux:offices but:aim buts:aims cadre:framework camp:camp
    camps:camps capacité:capacity capacités:capacities cause:cause causes:causes cellule:cell centre:centre
    chargé:responsible chef:head chefs:heads choisir:choose cible:target civil:civilian civile:civil
    civils:civilians clé:key collaboration:collaboration comité:committee commandant:commander
    commandement:command commander:command commission:commission commun:common commune:joint
    communauté:community communautés:communities compétence:competence comprendre:understand concept:concept
    concernant:concerning conclu:concluded condition:condition conditions:conditions confiance:confidence
    conflit:conflict conflits:conflicts conseil:council conseiller:adviser conseillers:advisers
    conséquence:consequence conséquences:consequences contenu:content contrat:contract
    contribution:contribution contrôle:control coopération:cooperation coordination:coordination
    coordonner:coordinate coordonnateur:coordinator cour:court coûts:costs coût:cost création:establishment
    créer:establish créé:established créée:established crise:crisis critères:criteria date:date débat:debate
    début:beginning décès:deaths décider:decide décidé:decided décision:decision décisions:decisions
    définir:define définition:definition défi:challenge défis:challenges délai:deadline demande:request
    demander:request départ:departure dépenses:expenditure déplacés:displaced déplacement:displacement
    déployé:deployed déployés:deployed déploiement:deployment depuis:since dernier:last dernière:last
    désarmement:disarmament désavantage:disadvantage développement:development devoir:duty devoirs:duties
    différence:difference différences:differences différent:different différents:different
    difficultés:difficulties dilemme:dilemma dilemmes:dilemmas diriger:lead dirige:leads directeur:director
    directrice:director directive:directive directives:guidelines donateurs:donors donner:give droit:law
    droits:rights durable:sustainable durée:duration échec:failure école:school écoles:schools
    économique:economic éducation:education effectif:strength effectifs:personnel effet:effect effets:effects
    efficace:effective efforts:efforts élection:election élections:elections éléments:elements
    emploi:employment employer:use encore:still enfant:child enfants:children engagement:commitment
    ensemble:together entité:entity entités:entities entrée:entry équipe:team équipes:teams
    équipement:equipment espace:space établir:establish étape:step étapes:steps état:state états:states
    étude:study évaluation:evaluation évaluer:assess événement:event examen:review examiner:examine
    exemple:example exigences:requirements expliquer:explain expert:expert experts:experts façon:way
    faiblesse:weakness faiblesses:weaknesses femme:woman femmes:women financement:funding financer:fund
    fin:end finances:finance fonction:function fonctions:functions fonctionnaire:official fonctionnaires:staff
    fonds:funds force:force forces:forces formation:training forme:form former:train formé:trained
    frontière:border frontières:borders garantir:ensure général:general générale:general genre:gender
    gérer:manage gestion:management gouvernement:government gouvernance:governance groupe:group groupes:groups
    guerre:war haut:high humanitaire:humanitarian humanitaires:humanitarian idée:idea identifier:identify
    impartialité:impartiality impunité:impunity indépendance:independence individus:individuals
    infirmières:nurses information:information informations:information initiative:initiative
    institutions:institutions intégration:integration intégré:integrated intégrée:integrated
    intégrées:integrated intégrés:integrated interdire:prohibit interdit:prohibited intérêt:interest
    intérêts:interests international:international internationale:international jeune:young jeunes:youth
    jour:day jours:days juge:judge justice:justice langue:language langues:languages leçon:lesson
    leçons:lessons libération:release libre:free lien:link liens:links lieu:place liste:list locaux:local
    locale:local local:local loi:law lois:laws maladie:disease mandat:mandate mandats:mandates manque:lack
    matériel:equipment médiation:mediation médical:medical meilleur:best meilleures:best membre:member
    membres:members menace:threat menaces:threats mener:lead mesure:measure mesures:measures
    militaire:military militaires:military mines:mines ministère:ministry ministre:minister mission:mission
    missions:missions mois:month modèle:model modèles:models monde:world mort:death morts:deaths moyen:means
    moyens:means mouvement:movement national:national nationale:national neutralité:neutrality niveau:level
    niveaux:levels nom:name nombre:number nommer:appoint nommé:appointed nomme:appoints normes:standards
    note:note nouveau:new nouvelle:new nouveaux:new objectif:objective objectifs:objectives
    obligation:obligation obligations:obligations obstacles:obstacles officier:officer opération:operation
    opérations:operations ordre:order organe:body organes:bodies organisation:organization
    organisations:organizations origine:origin outil:tool outils:tools paix:peace parti:party partie:part
    partis:parties parties:parties partenaires:partners partenariat:partnership partenariats:partnerships
    participation:participation pauvreté:poverty pays:country paiement:payment période:period
    permanent:permanent personne:person personnes:persons personnel:staff perte:loss petit:small
    plainte:complaint plan:plan plans:plans planification:planning police:police policier:police
    policiers:police politique:political politiques:political population:population populations:populations
    porte:gate pouvoir:power pouvoirs:powers préoccupation:concern préoccupations:concerns
    préparation:preparation présence:presence présenter:present président:president présidente:president
    prévention:prevention prévoir:plan prévu:planned principal:main principale:main principales:main
    principaux:main principe:principle principes:principles priorité:priority priorités:priorities
    prison:prison prisons:prisons problème:problem problèmes:problems procédure:procedure
    procédures:procedures processus:process prochain:next programme:programme programmes:programmes
    progrès:progress projet:project projets:projects prolonger:extend prolongé:extended proposé:proposed
    propositions:proposals prorogé:extended protection:protection protéger:protect question:question
    questions:issues raison:reason raisons:reasons rapatriement:repatriation rapide:quick rapport:report
    rapports:reports recommandation:recommendation recommandations:recommendations recommande:recommends
    recommander:recommend réconciliation:reconciliation recruter:recruit recrutement:recruitment
    réduction:reduction réduire:reduce référendum:referendum réforme:reform réformes:reforms réfugié:refugee
    réfugiés:refugees région:region régional:regional régionale:regional règle:rule règles:rules
    règlement:settlement réinsertion:reintegration réintégration:reintegration relation:relation
    relations:relations relève:reports remplacer:replace rencontre:meeting renforcer:strengthen
    renouvelé:renewed répondre:respond réponse:response représentant:representative
    représentante:representative réseau:network résolution:resolution résolutions:resolutions
    responsable:responsible responsables:officials responsabilité:responsibility
    responsabilités:responsibilities ressources:resources restrictions:restrictions résultat:result
    résultats:results retard:delay retour:return retours:returns retrait:withdrawal réunion:meeting
    réunions:meetings risque:risk risques:risks rôle:role rôles:roles route:road routes:roads saison:season
    salaire:salary sanctions:sanctions santé:health sécurité:security secteur:sector section:section
    semaine:week semaines:weeks service:service services:services seul:alone siège:headquarters
    situation:situation soldat:soldier soldats:soldiers solution:solution souveraineté:sovereignty
    stabilisation:stabilization stratégie:strategy stratégies:strategies stratégique:strategic
    structure:structure structures:structures suivi:monitoring suivre:follow supérieur:superior
    superviser:supervise surveillance:monitoring surveiller:monitor système:system tâche:task tâches:tasks
    taux:rate temps:time tenir:hold tensions:tensions terrain:field terre:land terroriste:terrorist texte:text
    torture:torture transition:transition travail:work travailler:work travaille:works tribunal:tribunal
    troupe:troop troupes:troops trouver:find tué:killed tués:killed unité:unit unités:units urgence:emergency
    urgent:urgent usage:use utilisation:use utiliser:use valeur:value vaccination:vaccination victime:victim
    victimes:victims vie:life village:village villages:villages ville:city violation:violation
    violations:violations violence:violence violences:violence vivre:live volontaire:voluntary vote:vote
    voter:vote zone:area zones:areas eau:water nourriture:food alimentaire:food faim:hunger argent:money
    mourir:die mort:dead hommes:men homme:man ans:years deux:two trois:three quatre:four cinq:five six:six
    sept:seven huit:eight neuf:nine dix:ten cent:hundred mille:thousand million:million premier:first
    première:first second:second deuxième:second troisième:third combien:number quand:date pourquoi:reason
    où:place qui:who janvier:january février:february mars:march avril:april mai:may juin:june juillet:july
    août:august septembre:september octobre:october novembre:november décembre:december
    """.split()
)


def gloss(text: str) -> str:
    """A French question as English words in its own order, known phrases first.

    French function words are dropped; other words the list lacks pass through.
    """
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    known = _PHRASES | _PLACES
    for phrase in sorted(known, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", known[phrase], text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\w)-(?=(?:t-)?(?:ils?|elles?|on|ce|je|nous|vous|t)\b)", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"(?:\b[ldjnmtsc]'|\bqu')?([^\W\d_]+(?:-[^\W\d_]+)*)", _word, text, flags=re.IGNORECASE)
    return " ".join(text.split())


def _word(match: re.Match[str]) -> str:
    word = match[1]
    low = word.lower()
    return _WORDS.get(low, "" if low in FRENCH_STOPWORDS else word)
