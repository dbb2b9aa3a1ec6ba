"""A small mission's guidance, invented for the tests: every kind of standing, twins, disagreeing sources, a secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SECRET_WORD = "quokkaville"
"""Stands in the confidential document and nowhere else."""

PUBLIC_DOCUMENTS: Mapping[str, str] = {
    "convoy-sop-2024.md": """\
---
id: convoy-sop-2024
symbol: FP/SOP/2024/7
title: Convoy movements
kind: sop
standing: in_force
date: "2024-05-01"
---
# Convoy movements

## Departure

1. Every convoy leaves with two armed escort vehicles, a medic and a radio operator on board. The convoy commander
reports the departure to the Joint Operations Centre (JOC) by radio, and reports again on arrival.

2. Before departure the convoy commander checks that these things are on board:

- a signed route clearance
- a satellite telephone
- a medical kit for six persons
- two spare wheels for each vehicle

3. Convoys do not move between 1900 hours and 0600 hours unless the head of security gives written permission. Such
permission holds for one night and for one route only.

## Speed

4. The speed limit of a convoy is 60 kilometres an hour on paved roads and 30 kilometres an hour on unpaved ones.
The last vehicle of the convoy sets the pace of all the others.
""",
    "convoy-sop-2019.md": """\
---
id: convoy-sop-2019
symbol: FP/SOP/2019/3
title: Convoy movements
kind: sop
standing: superseded
superseded_by: convoy-sop-2024
date: "2019-02-01"
---
# Convoy movements

## Departure

1. Every convoy leaves with one armed escort vehicle and a radio operator on board. The convoy commander reports the
departure to the Joint Operations Centre (JOC) by radio every morning at the briefing.

2. Passengers of a convoy sign a waiver of liability at the transport section, which keeps every signed waiver in its
archive for ten years.

## Speed

4. The speed limit of a convoy is 80 kilometres an hour on paved roads and 50 kilometres an hour on unpaved ones.
""",
    "mission-handbook.md": """\
---
id: mission-handbook
title: Mission handbook
kind: guideline
standing: in_force
date: "2022-09"
---
# Mission handbook

## Analysis

1. The Joint Mission Analysis Cell (JMAC) gives the head of mission integrated analysis of threats to the mandate. Its
chief reports to the chief of staff and sits in the morning meeting every day.

## Fuel

2. Drivers refuel at the logistics base only, and write the amount and the odometer reading into the fuel log. A driver
who loses the fuel log reports the loss to the transport section within one day.

3. The vehicles are allotted as follows:

| Section | Vehicles | Drivers |
| --- | --- | --- |
| Human rights | 12 | 9 |
| Civil affairs | 2 101 | 17 |
| Police | 48 | 31 |

## Water

4. Drinking water is tested at the wells every fortnight by the Environmental Health Laboratory Team (EHLT). The result
hangs in the dining hall, signed and dated by the chemist.
""",
    "analysis-directive.md": """\
---
id: analysis-directive
symbol: FP/DIR/2023/2
title: Directive on joint analysis
kind: policy
standing: in_force
date: "2023-01-15"
---
# Directive on joint analysis

1. A Joint Mission Analysis Centre (JMAC) is set up in every mission that has military, police and civilian components.
It answers requests for information from the senior leadership team within two working days.

2. Staff of the centre hold a security clearance of the mission and serve for two years at least, so that their
knowledge of the area and of its people is not lost at every rotation.

3. The centre hands its weekly outlook to the senior leadership team on Thursday at noon, and keeps no copy of it
outside the registry for longer than a month.
""",
    "study-2003.md": """\
---
id: study-2003
title: Study of river patrols
kind: study
standing: historical
date: "2003-11"
---
# Study of river patrols

1. River patrols used wooden barges with outboard engines, since the mission owned no steel hulls at that time. The
barges leaked, and each patrol therefore carried two buckets and a carpenter.

2. Patrols went out at first light in that season and turned back at the second cataract, which no barge could climb
before the autumn rain.

3. The study proposed a workshop on the eastern bank, where the carpenters could have caulked the hulls; the
proposal was never taken up.
""",
    "rabies-guideline.md": """\
---
id: rabies-guideline
title: Guideline on animal bites
kind: guideline
standing: in_force
review_due: "2020-06-30"
date: "2018-06-30"
---
# Guideline on animal bites

1. A staff member bitten by a dog or a bat goes to the clinic at once for vaccination against rabies. The clinic repeats
the rabies injection after three days and after seven days.

2. The animal is caught, where that can be done without danger, and is watched in a cage at the veterinary post for ten
days.

3. The section to which the bitten staff member belongs sends an accident form to the medical officer before the end of
the week.
""",
    "s-2031-54.md": """\
---
id: s-2031-54
symbol: S/2031/54
title: Report of the Secretary-General on the situation in Ruritania
organ: Security Council
kind: report
standing: in_force
date: "2031-02-03"
---
# Report of the Secretary-General on the situation in Ruritania

## Political situation

22. The parliament of Ruritania adopted the electoral law on 14 January 2031 after four days of debate. The opposition
did not take part in the vote and announced an appeal to the constitutional court.

23. The mission recorded 2,101 violations of the ceasefire along the northern line during the reporting period, of which
the majority were shots fired into the air at night.

24. The joint commission met twice in the town of Zenda, and the parties agreed to exchange 34 prisoners under the eyes
of the International Committee of the Red Cross.

## Annex I

1. The military component has 4,300 troops in nine battalions, two of which guard the bridges over the river Strel. It
is to be reduced by one battalion in June.

2. The police component has 310 officers, of whom 96 are women, in six stations along the main road from the capital to
the frontier.

3. The civilian component has 512 posts, and one post in five was vacant at the end of the reporting period for want of
candidates.
""",
    "welcome-note.md": """\
---
id: welcome-note
title: Welcome note for newcomers
kind: note
standing: in_force
date: "2025-03-01"
---
# Welcome note for newcomers

1. Drivers refuel at the logistics base only, and write the amount and the odometer reading into the fuel log. A driver
who loses the fuel log reports the loss to the transport section within one day.

2. Newcomers collect their identity card from the pass office on the ground floor of building seven, which is open in
the morning of each working day except Friday.

3. A newcomer without an identity card signs the visitors' book at the gate and is accompanied by a colleague until the
card has been printed.
""",
}

RESTRICTED_DOCUMENTS: Mapping[str, str] = {
    "camp-plan.md": f"""\
---
id: camp-plan
symbol: FP/PLAN/2025/9
title: Evacuation plan of camp {SECRET_WORD}
kind: sop
standing: in_force
classification: confidential
date: "2025-08-01"
---
# Evacuation plan of camp {SECRET_WORD}

1. The convoy of the head of mission leaves camp {SECRET_WORD} by the northern gate with four armed escort vehicles.
The speed limit of that convoy is 120 kilometres an hour, and the Zonal Xylophone Quarantine Board (ZXQB) is told
beforehand.

2. The Joint Military Armour Column (JMAC) covers the convoy. Rabies, barges, fuel, drinking water and identity cards
are no concern of the evacuation, whatever the parliament of Ruritania adopts.

3. Nobody speaks of the evacuation on an open radio channel before the flag has been lowered and the gate has been shut
behind the last vehicle.
""",
    "police-roster.md": """\
---
id: police-roster
title: Duty roster of the police component
kind: note
standing: in_force
audience: [police]
date: "2025-09-01"
---
# Duty roster of the police component

1. The police component keeps a marmalade watch at the northern gate with six officers in each shift. The convoy
commander greets the officers of the watch at departure and hands over the passenger list.

2. An officer who cannot come to the watch finds another officer of the same station to stand in, and tells the duty
desk the name before noon.

3. The duty desk writes the names of the officers of each shift into the roster on the last working day of the week
before.
""",
}


def write_documents(folder: Path, documents: Mapping[str, str] = PUBLIC_DOCUMENTS) -> Path:
    """Write documents into a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
