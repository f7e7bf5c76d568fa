use proptest::prelude::*;

use super::*;

const A: &str = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=";
const O: &str = "u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7s=";

#[test]
fn reads_requests_of_every_go_version() {
    let get = format!(r#"{{"ID":1,"Command":"get","ActionID":"{A}"}}"#);
    let want = Command::Get { action: [0xaa; 32] };
    assert_eq!(Request::parse(get.as_bytes()).unwrap().command, want);
    // Go 1.24 sends both names when built with the old experiment.
    for names in [
        format!(r#""OutputID":"{O}""#),
        format!(r#""ObjectID":"{O}""#),
        format!(r#""OutputID":"{O}","ObjectID":"{O}""#),
    ] {
        let put =
            format!(r#"{{"ID":2,"Command":"put","ActionID":"{A}",{names},"BodySize":7,"New":1}}"#);
        let want = Command::Put {
            action: [0xaa; 32],
            output: [0xbb; 32],
            size: 7,
        };
        assert_eq!(Request::parse(put.as_bytes()).unwrap().command, want);
    }
}

#[test]
fn says_whom_to_answer_and_whether_a_body_follows() {
    let long = "x".repeat(LINE_BYTES_MAX + 1);
    let table = [
        ("", None, None),
        ("garbage", None, None),
        (r#"{"Command":"get"}"#, None, None),
        (r#"{"ID":1.5,"Command":"get"}"#, None, None),
        (r#"[1,"get"]"#, None, None),
        (long.as_str(), None, None),
        (r#"{"ID":1,"Command":"get"}"#, Some(1), None),
        (
            r#"{"ID":1,"Command":"get","ActionID":"qqqq"}"#,
            Some(1),
            None,
        ),
        (
            r#"{"ID":1,"Command":"put","ActionID":"x","BodySize":9}"#,
            Some(1),
            Some(9),
        ),
        (
            r#"{"ID":1,"Command":"get2","BodySize":9}"#,
            Some(1),
            Some(9),
        ),
    ];
    for (line, id, body) in table {
        let fault = Request::parse(line.as_bytes()).unwrap_err();
        assert_eq!((fault.id, fault.body), (id, body), "{line:.80}");
    }
}

#[test]
fn refuses_sizes_that_no_body_has() {
    for (size, body) in [(-1, 0), (i64::MAX, i64::MAX as u64)] {
        let put = format!(
            r#"{{"ID":2,"Command":"put","ActionID":"{A}","OutputID":"{O}","BodySize":{size}}}"#
        );
        let fault = Request::parse(put.as_bytes()).unwrap_err();
        assert_eq!(fault.problem, Problem::BodySize { size });
        assert_eq!(fault.body, Some(body));
    }
}

#[test]
fn prints_answers_as_the_go_command_reads_them() {
    let hit = Response::Hit {
        output: [0xbb; 32],
        size: 7,
        time: Some("2026-01-02T03:04:05Z"),
        disk_path: "/a \"b\"",
    };
    let table = [
        (
            Response::Hello,
            r#"{"ID":0,"KnownCommands":["get","put","close"]}"#.to_owned(),
        ),
        (Response::Miss, r#"{"ID":9,"Miss":true}"#.to_owned()),
        (
            hit,
            format!(
                r#"{{"ID":9,"OutputID":"{O}","Size":7,"Time":"2026-01-02T03:04:05Z","DiskPath":"/a \"b\""}}"#
            ),
        ),
        (
            Response::Stored { disk_path: "/x" },
            r#"{"ID":9,"DiskPath":"/x"}"#.to_owned(),
        ),
        (Response::Closed, r#"{"ID":9}"#.to_owned()),
        (
            Response::Failed("disk\nfull"),
            r#"{"ID":9,"Err":"disk\nfull"}"#.to_owned(),
        ),
        (
            Response::Failed(""),
            r#"{"ID":9,"Err":"failed"}"#.to_owned(),
        ),
    ];
    for (response, want) in table {
        assert_eq!(response.to_line(9), want + "\n");
    }
}

proptest! {
    #[test]
    fn any_line_is_a_request_or_a_fault(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::parse(&line);
    }

    #[test]
    fn what_go_prints_is_read_back(id in any::<i64>(), action in any::<[u8; 32]>(), output in any::<[u8; 32]>(), size in 0..=BODY_BYTES_MAX) {
        let line = format!(
            r#"{{"ID":{id},"Command":"put","ActionID":"{}","OutputID":"{}","BodySize":{size}}}"#,
            STANDARD.encode(action),
            STANDARD.encode(output),
        );
        let want = Request { id, command: Command::Put { action, output, size } };
        prop_assert_eq!(Request::parse(line.as_bytes()), Ok(want));
    }
}
