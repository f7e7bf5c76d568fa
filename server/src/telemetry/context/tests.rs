use proptest::prelude::*;

use super::*;

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

#[test]
fn a_request_is_part_of_the_trace_that_its_client_names() {
    let context = Context::of_request(&headers(&[("traceparent", GOOD)]), None);
    assert_eq!(context.trace_id.to_string(), GOOD[3..35]);
    assert_eq!(context.parent.unwrap().to_string(), GOOD[36..52]);
    assert!(context.is_sampled && context.is_parent_remote);
    assert_ne!(Some(context.span_id), context.parent);
    let mut sent = HeaderMap::new();
    let child = context.child();
    child.inject(&mut sent);
    assert_eq!(sent.len(), 1, "no tracestate of ours: {sent:?}");
    let want = format!("00-{}-{}-01", context.trace_id, child.span_id);
    assert_eq!(sent["traceparent"], want);
    assert_eq!(child.parent, Some(context.span_id));
}

#[test]
fn a_traceparent_that_is_not_good_begins_a_new_trace() {
    for bad in [
        "",
        "00",
        &GOOD[..54],
        &format!("{GOOD}-more"),
        &format!("{GOOD}0"),
        &GOOD.replace('a', "A"),
        &GOOD.replace("00-4", "ff-4"),
        &GOOD.replace("00-4", "0g-4"),
        &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
        &GOOD.replace("-00f0", "_00f0"),
        &GOOD.replace("b7-01", "b7-+1"),
        &format!("01{}-{}", &GOOD[2..], "x".repeat(PARENT_BYTES_MAX)),
    ] {
        let context = Context::of_request(&headers(&[("traceparent", bad)]), None);
        assert_eq!(context.parent, None, "{bad:?}");
        assert!(!context.is_sampled, "{bad:?}");
    }
    let twice = headers(&[("traceparent", GOOD), ("traceparent", GOOD)]);
    assert_eq!(Context::of_request(&twice, None).parent, None);
    let later = format!("01{}-more", &GOOD[2..]);
    let later = Context::of_request(&headers(&[("traceparent", &later)]), None);
    assert!(later.parent.is_some(), "a later version may say more");
}

#[test]
fn a_trace_is_recorded_where_its_client_says_so() {
    let trace = &GOOD[3..35];
    let recorded = |parent: &str| {
        let context = Context::of_request(&headers(&[("traceparent", parent)]), None);
        let recorded = context.scope_blocking(Context::recorded);
        recorded.map(|trace| trace.to_string())
    };
    for parent in [
        GOOD.to_owned(),
        GOOD.replace("b7-01", "b7-03"),
        // A version to come.
        format!("01{}-more", &GOOD[2..]),
    ] {
        assert_eq!(recorded(&parent).as_deref(), Some(trace), "{parent}");
    }
    for parent in [
        String::new(),
        trace.to_owned(),
        GOOD.replace("b7-01", "b7-00"),
        format!("{GOOD}-more"),
        GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
        GOOD.replace(trace, &"0".repeat(32)),
        GOOD.replace(trace, &trace.to_uppercase()),
        GOOD.replace(trace, &trace[1..]),
        GOOD.replace("00-4", "ff-4"),
        GOOD.replace("00-4", "xx-4"),
    ] {
        assert_eq!(recorded(&parent), None, "{parent}");
    }
    assert_eq!(Context::recorded(), None);
}

#[test]
fn the_clients_tracestate_goes_on_where_it_is_good_and_came_with_a_parent() {
    let sent = |lines: &[(&'static str, &str)]| {
        let mut sent = HeaderMap::new();
        Context::of_request(&headers(lines), None).inject(&mut sent);
        sent.get("tracestate")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let parent = ("traceparent", GOOD);
    let two = [parent, ("tracestate", "a=1"), ("tracestate", "b=2,c=3")];
    assert_eq!(sent(&two).unwrap(), "a=1,b=2,c=3");
    assert_eq!(sent(&[("tracestate", "a=1")]), None);
    assert_eq!(sent(&[parent, ("tracestate", "no list")]), None);
    let long = format!("a={}", "x".repeat(STATE_BYTES_MAX));
    assert_eq!(sent(&[parent, ("tracestate", &long)]), None);
}

#[tokio::test]
async fn tasks_and_blocking_work_belong_to_the_span_that_begins_them() {
    assert_eq!(Context::current(), None);
    let context = Context::of_request(&HeaderMap::new(), None);
    let (task, blocking) = context
        .clone()
        .scope(async {
            let task = tokio::spawn(carried(async { Context::current() }));
            let work = carried_blocking(Context::current);
            (
                task.await.unwrap(),
                tokio::task::spawn_blocking(work).await.unwrap(),
            )
        })
        .await;
    assert_eq!(task, Some(context.clone()));
    assert_eq!(blocking, Some(context));
    assert_eq!(Context::current(), None);
}

proptest! {
    #[test]
    fn any_header_makes_a_context_and_what_is_sent_on_is_read_back(
        parent in proptest::collection::vec(any::<u8>(), 0..80),
        state in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("traceparent", parent), ("tracestate", state)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(name, value);
            }
        }
        let context = Context::of_request(&headers, Some(Ratio::ALL));
        let mut sent = HeaderMap::new();
        context.inject(&mut sent);
        let next = Context::of_request(&sent, None);
        let printed = context.trace_id.to_string();
        prop_assert!(printed.len() == 32 && printed.bytes().all(|b| b.is_ascii_hexdigit()));
        prop_assert_eq!(next.trace_id, context.trace_id);
        prop_assert_eq!(next.parent, Some(context.span_id));
        prop_assert_eq!(next.is_sampled, context.is_sampled);
        prop_assert_eq!(next.state, context.state);
    }
}
