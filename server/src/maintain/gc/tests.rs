use super::*;
use crate::config::Config;

/// What is said to be in every bundle.
const BUNDLED: &str = "d.example/x/@v/v1.0.0.zip";

fn task(pins: &str, order: &Order) -> Result<Task, Error> {
    let settings = config::Gc {
        budget: Some(100),
        pins: config::Pins::parse(pins).unwrap(),
        ..Config::new("D".into()).gc
    };
    Task::new(&settings, order, &|_| Ok(vec![BUNDLED.to_owned()]))
}

#[test]
fn what_is_asked_for_goes_before_the_settings_and_pins_add_up() {
    let order = Order {
        budget: Some(7),
        pins: vec!["b.example".to_owned()],
        places: vec!["e.example/x/@v/v1.0.0.zip".to_owned()],
        ..Order::default()
    };
    let task = task("a.example,/srv/first.bundle", &order).unwrap();
    assert_eq!(task.budget, 7);
    for (module, want) in [
        ("a.example/x", true),
        ("b.example/x", true),
        ("c.example/x", false),
        ("d.example/x", true),
        ("e.example/x", true),
    ] {
        let place = format!("{module}/@v/v1.0.0.zip");
        assert_eq!(task.pins.hold(module, &place), want, "{module}");
    }
}

#[test]
fn a_go_sum_that_cannot_be_read_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("go.sum");
    let pin = path.display().to_string();
    let error = task(&pin, &Order::default()).unwrap_err();
    assert!(error.to_string().starts_with(&pin), "{error}");
    std::fs::write(&path, "rsc.io/quote v1.5.2\n").unwrap();
    let error = task(&pin, &Order::default()).unwrap_err();
    assert!(error.to_string().contains("is not a module"), "{error}");
    std::fs::write(&path, "").unwrap();
    assert!(task(&pin, &Order::default()).is_ok());
}

#[test]
fn without_a_budget_the_way_to_one_is_said() {
    let settings = Config::new("D".into()).gc;
    let error = Task::new(&settings, &Order::default(), &|_| Ok(Vec::new())).unwrap_err();
    assert!(error.to_string().contains("--budget"), "{error}");
}
