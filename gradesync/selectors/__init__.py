"""What screens read: plain values, from the database alone, in a constant number of queries.

`course`: its picture and latest plan. `plans`: the lines of a plan, filtered, page by page.
`home`: a course at a glance. `progress`: how far a run is. `history`: runs, receipts, one grade.

Whoever is limited to sections hands in their Canvas ids: nothing of another section is told then,
neither line nor name nor count. None is for whoever sees the whole course.
"""
