------------------------------- MODULE Wheel -------------------------------
(***************************************************************************)
(* Hold, begin payment, commit, release and fold on one level, as          *)
(* transactions whose requests are under way for any time and whose        *)
(* replies may be lost.                                                    *)
(*                                                                         *)
(* There is no clock: a hold may ask for any minute, and a fold may take   *)
(* any minutes, at any time. So what holds here holds whatever the clocks  *)
(* say; who pays in time is a matter of the margin and is not looked at.   *)
(* A lost reply is a request whose sender sends another one meanwhile.     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS Buyers,      \* each has one reservation, of one unit
          Units,       \* in the building
          Minutes,     \* boundaries of the wheel: 1..n
          Slots,       \* requests that may be under way at once
          MaxVersion,  \* changes of one reservation that are looked at
          MarkGuard,   \* `folded_to < m` on hold and begin payment
          BackGuard,   \* the fold mark never goes back
          EntryGuard,  \* the entries of a fold are as they were read
          VersionGuard \* a command acts on the version it has read

Absent == -1
None == [kind |-> "none"]

VARIABLES available, committed, wheel, foldedTo, record, underWay,
          gone  \* minutes that a fold has taken: only looked at, never acted on

vars == <<available, committed, wheel, foldedTo, record, underWay, gone>>

Held(m) == IF wheel[m] = Absent THEN 0 ELSE wheel[m]

RECURSIVE Sum(_, _)
Sum(f, S) == IF S = {} THEN 0 ELSE LET x == CHOOSE y \in S : TRUE IN f[x] + Sum(f, S \ {x})

Init == /\ available = Units
        /\ committed = 0
        /\ wheel = [m \in Minutes |-> Absent]
        /\ foldedTo = 0
        /\ record = [b \in Buyers |-> [state |-> "none", minute |-> 0, version |-> 0]]
        /\ underWay = [s \in Slots |-> None]
        /\ gone = {}

(* ------------------------------ requests ------------------------------ *)

Send(message) == \E s \in Slots :
    /\ underWay[s] = None
    /\ underWay' = [underWay EXCEPT ![s] = message]
    /\ UNCHANGED <<available, committed, wheel, foldedTo, record, gone>>

Live(b) == record[b].state = "held" /\ record[b].version < MaxVersion

SendHold == \E b \in Buyers, m \in Minutes :
    /\ record[b].state = "none"
    /\ Send([kind |-> "hold", buyer |-> b, minute |-> m])

\* From its own entry, believed or seen; from free units only where the entry was seen to be gone.
Sources(b) == {"entry"} \cup (IF Held(record[b].minute) = 0 THEN {"free"} ELSE {})

SendCommit == \E b \in Buyers :
    /\ Live(b)
    /\ \E source \in Sources(b) :
         Send([kind |-> "commit", buyer |-> b, minute |-> record[b].minute,
               version |-> record[b].version, source |-> source])

SendBeginPayment == \E b \in Buyers, until \in Minutes :
    /\ Live(b)
    /\ until >= record[b].minute
    /\ \E source \in Sources(b) :
         Send([kind |-> "begin", buyer |-> b, minute |-> record[b].minute, until |-> until,
               version |-> record[b].version, source |-> source])

SendRelease == \E b \in Buyers :
    /\ Live(b)
    /\ \E source \in Sources(b) :
         Send([kind |-> "release", buyer |-> b, minute |-> record[b].minute,
               version |-> record[b].version, source |-> source])

SendFold == \E last \in Minutes :
    LET due == {m \in Minutes : m <= last /\ wheel[m] # Absent} IN
    /\ due # {}
    /\ Send([kind |-> "fold", due |-> due, seen |-> wheel, mark |-> foldedTo])

(* ------------------- the table, one request at a time ------------------ *)

Done(s) == underWay' = [underWay EXCEPT ![s] = None]
Refused(s) == Done(s) /\ UNCHANGED <<available, committed, wheel, foldedTo, record, gone>>

Next1(b, state, minute) ==
    record' = [record EXCEPT ![b] = [state |-> state, minute |-> minute, version |-> @.version + 1]]

Unfolded(m) == MarkGuard => foldedTo < m

Current(q) == /\ record[q.buyer].state = "held"
              /\ VersionGuard => record[q.buyer].version = q.version

Hold(s, q) ==
    IF record[q.buyer].state = "none" /\ available >= 1 /\ Unfolded(q.minute)
    THEN /\ available' = available - 1
         /\ wheel' = [wheel EXCEPT ![q.minute] = Held(q.minute) + 1]
         /\ Next1(q.buyer, "held", q.minute)
         /\ Done(s)
         /\ UNCHANGED <<committed, foldedTo, gone>>
    ELSE Refused(s)

Commit(s, q) ==
    IF Current(q) /\ (IF q.source = "entry" THEN Held(q.minute) >= 1 ELSE available >= 1)
    THEN /\ committed' = committed + 1
         /\ IF q.source = "entry"
            THEN wheel' = [wheel EXCEPT ![q.minute] = @ - 1] /\ UNCHANGED available
            ELSE available' = available - 1 /\ UNCHANGED wheel
         /\ Next1(q.buyer, "committed", 0)
         /\ Done(s)
         /\ UNCHANGED <<foldedTo, gone>>
    ELSE Refused(s)

BeginPayment(s, q) ==
    IF /\ Current(q)
       /\ IF q.source = "entry" THEN Held(q.minute) >= 1 ELSE available >= 1
       /\ (q.source = "free" \/ q.until # q.minute) => Unfolded(q.until)
    THEN /\ IF q.source = "free"
            THEN /\ available' = available - 1
                 /\ wheel' = [wheel EXCEPT ![q.until] = Held(q.until) + 1]
            ELSE /\ UNCHANGED available
                 /\ wheel' = IF q.until = q.minute THEN wheel
                             ELSE [wheel EXCEPT ![q.minute] = @ - 1, ![q.until] = Held(q.until) + 1]
         /\ Next1(q.buyer, "held", q.until)
         /\ Done(s)
         /\ UNCHANGED <<committed, foldedTo, gone>>
    ELSE Refused(s)

Release(s, q) ==
    IF Current(q) /\ (q.source = "entry" => Held(q.minute) >= 1)
    THEN /\ IF q.source = "entry"
            THEN /\ wheel' = [wheel EXCEPT ![q.minute] = @ - 1]
                 /\ available' = available + 1
            ELSE UNCHANGED <<available, wheel>>
         /\ Next1(q.buyer, "released", 0)
         /\ Done(s)
         /\ UNCHANGED <<committed, foldedTo, gone>>
    ELSE Refused(s)

Fold(s, q) ==
    LET newest == CHOOSE m \in q.due \cup {q.mark} : \A n \in q.due \cup {q.mark} : n <= m IN
    IF /\ EntryGuard => \A m \in q.due : wheel[m] = q.seen[m]
       /\ BackGuard => foldedTo <= newest
    THEN /\ available' = available + Sum(q.seen, q.due)
         /\ wheel' = [m \in Minutes |-> IF m \in q.due THEN Absent ELSE wheel[m]]
         /\ foldedTo' = newest
         /\ gone' = gone \cup q.due
         /\ Done(s)
         /\ UNCHANGED <<committed, record>>
    ELSE Refused(s)

Arrive == \E s \in Slots :
    LET q == underWay[s] IN
    CASE q.kind = "hold"    -> Hold(s, q)
      [] q.kind = "commit"  -> Commit(s, q)
      [] q.kind = "begin"   -> BeginPayment(s, q)
      [] q.kind = "release" -> Release(s, q)
      [] q.kind = "fold"    -> Fold(s, q)
      [] OTHER              -> FALSE

Next == \/ SendHold \/ SendCommit \/ SendBeginPayment \/ SendRelease \/ SendFold \/ Arrive

Spec == Init /\ [][Next]_vars

(* ----------------------------- what is claimed ------------------------- *)

Conservation == available + committed + Sum([m \in Minutes |-> Held(m)], Minutes) = Units

NeverOversold == available >= 0 /\ committed >= 0 /\ \A m \in Minutes : wheel[m] >= Absent

CommittedIsWhatRecordsSay == committed = Cardinality({b \in Buyers : record[b].state = "committed"})

HoldersOf(m) == Cardinality({b \in Buyers : record[b].state = "held" /\ record[b].minute = m})

\* An entry that exists was never folded, so its units are those of the reservations that name it.
AnEntryIsProof == \A m \in Minutes : wheel[m] # Absent => wheel[m] = HoldersOf(m)

\* Units that are held and in no entry were given back by a fold of their minute.
WhatIsNotThereWasFolded == \A m \in Minutes : (wheel[m] = Absent /\ HoldersOf(m) > 0) => m <= foldedTo

\* An entry may slip in below the mark while a fold of a later minute is under way; it was never folded, and is proof all
\* the same. But what a fold has taken never is there again.
FoldedStaysFolded == \A m \in gone : wheel[m] = Absent /\ m <= foldedTo

=============================================================================
