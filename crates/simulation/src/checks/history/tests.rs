//! What can be explained, and what cannot.

use super::*;

fn done(times: (u64, u64), reads: &[(usize, &[u64])], appends: &[(usize, u64)]) -> Operation {
    let reads = reads.iter().map(|(item, list)| (*item, list.to_vec())).collect();
    let appends = appends.to_vec();
    Operation { invoked: times.0, completed: times.1, reads, appends, ..Operation::planned() }
}

fn unknown(operation: Operation) -> Operation {
    Operation { outcome: Outcome::Unknown, completed: u64::MAX, ..operation }
}

fn demanding(operation: Operation, lengths: &[(usize, usize)]) -> Operation {
    Operation { lengths: lengths.to_vec(), ..operation }
}

#[test]
fn histories() {
    let append = |times, element| done(times, &[], &[(0, element)]);
    let read = |times, list: &[u64]| done(times, &[(0, list)], &[]);
    let rows: Vec<(&str, Vec<Operation>, &str)> = vec![
        ("nothing", vec![], ""),
        ("one after another", vec![append((1, 2), 7), read((3, 4), &[7])], ""),
        ("at the same time, seen", vec![append((1, 4), 7), read((2, 3), &[7])], ""),
        ("at the same time, unseen", vec![append((1, 4), 7), read((2, 3), &[]), read((5, 6), &[7])], ""),
        ("unknown and seen", vec![unknown(append((1, 2), 7)), read((3, 4), &[7])], ""),
        ("unknown and unseen", vec![unknown(append((1, 2), 7)), read((3, 4), &[])], ""),
        ("a stale read", vec![append((1, 2), 7), read((3, 4), &[]), read((5, 6), &[7])], "a cycle"),
        ("time goes back", vec![append((1, 9), 7), read((2, 3), &[7]), read((4, 5), &[])], "a cycle"),
        ("lost", vec![append((1, 2), 7), append((3, 4), 8), read((5, 6), &[8])], "0 of its elements"),
        ("twice", vec![append((1, 2), 7), read((3, 4), &[7, 7])], "twice"),
        ("two orders", vec![append((1, 2), 7), append((1, 2), 8), read((3, 4), &[7, 8]), read((3, 4), &[8, 7])], "was"),
        (
            "torn",
            vec![done((1, 2), &[], &[(0, 7), (1, 8)]), read((3, 4), &[7]), done((3, 4), &[(1, &[])], &[])],
            "1 of",
        ),
        (
            "torn, and unknown",
            vec![unknown(done((1, 2), &[], &[(0, 7), (1, 8)])), read((3, 4), &[7]), done((3, 4), &[(1, &[])], &[])],
            "1 of",
        ),
        (
            "a snapshot between two writes of one transaction",
            vec![
                done((1, 9), &[], &[(0, 7), (1, 8)]),
                done((2, 3), &[(0, &[7]), (1, &[])], &[]),
                done((10, 11), &[(0, &[7]), (1, &[8])], &[]),
            ],
            "a cycle",
        ),
        (
            "both saw what the other had not written",
            vec![
                done((1, 9), &[(0, &[])], &[(1, 8)]),
                done((1, 9), &[(1, &[])], &[(0, 7)]),
                done((10, 11), &[(0, &[7]), (1, &[8])], &[]),
            ],
            "a cycle",
        ),
        (
            "both conditions held",
            vec![
                demanding(append((1, 9), 7), &[(0, 0)]),
                demanding(append((1, 9), 8), &[(0, 0)]),
                read((10, 11), &[7, 8]),
            ],
            "a cycle",
        ),
        (
            "one condition after the other",
            vec![
                demanding(append((1, 9), 7), &[(0, 0)]),
                demanding(append((1, 9), 8), &[(0, 1)]),
                read((10, 11), &[7, 8]),
            ],
            "",
        ),
    ];
    for (name, history, want) in rows {
        let faults = check(&history).join("\n");
        assert_eq!(faults.is_empty(), want.is_empty(), "{name}: {faults}");
        assert!(faults.contains(want), "{name}: {faults}");
    }
}
