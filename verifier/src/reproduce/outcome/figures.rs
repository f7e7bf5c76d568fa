//! What the page shows: what was given, the steps, how much of each still differs.

use super::Outcome;
use proto::report::figure::{Card, Cards, Figure, Row, Table, Value};

impl Outcome {
    pub(super) fn pictures(&self) -> Vec<Figure> {
        let mut figures = vec![self.card(), self.steps_table()];
        if !self.commands.is_empty() {
            figures.push(self.command_table());
        }
        let report = self.comparison.as_ref();
        figures.extend(
            report
                .map(crate::report::Report::figures)
                .unwrap_or_default(),
        );
        figures
    }

    fn card(&self) -> Figure {
        let words = |text: &str| Value::Words(text.to_owned());
        let code = |text: &str| Value::Code(text.to_owned());
        let mut facts = vec![
            ("SHA-256".to_owned(), code(&self.sha256)),
            ("size".to_owned(), Value::Number(self.size)),
        ];
        if let Some(recipe) = &self.recipe {
            facts.push(("says".to_owned(), code(&recipe.command())));
        }
        if let Some(toolchain) = &self.toolchain {
            facts.push(("Go release".to_owned(), words(&toolchain.said)));
        }
        if let Some(source) = &self.source {
            facts.push(("source".to_owned(), code(&source.name)));
        }
        Figure::Cards(Cards {
            title: "The program".into(),
            cards: vec![Card {
                letter: String::new(),
                title: match &self.inside {
                    Some(inside) => format!("{}: {inside}", self.file),
                    None => self.file.clone(),
                },
                facts,
            }],
        })
    }

    fn steps_table(&self) -> Figure {
        let row = |(index, step): (usize, &crate::reproduce::step::Step)| {
            let measure = step.result.as_ref().ok();
            Row {
                values: vec![
                    Value::Words((index + 1).to_string()),
                    Value::Words(step.what.clone()),
                    Value::Words(step.why.clone()),
                    measure.map_or(Value::Absent, |measure| Value::Number(measure.differing)),
                    match (&step.result, step.is_nearer) {
                        (Err(_), _) => Value::Alarm("the build fails".into()),
                        (Ok(measure), _) if measure.differing == 0 => {
                            Value::Good("the same bytes".into())
                        }
                        (Ok(_), true) => Value::Good("nearer".into()),
                        (Ok(_), false) => Value::Words("no nearer".into()),
                    },
                    match measure.and_then(|measure| measure.pattern.clone()) {
                        Some(pattern) => Value::Code(pattern),
                        None => Value::Absent,
                    },
                ],
                agrees: None,
            }
        };
        Figure::Table(Table {
            title: "Steps".into(),
            note: "One thing is changed at a time; what brings the program nearer stays.".into(),
            columns: [
                "",
                "changed",
                "since",
                "bytes that differ",
                "brought",
                "build ID",
            ]
            .map(str::to_owned)
            .into(),
            rows: self.steps.iter().enumerate().map(row).collect(),
            left_out: 0,
        })
    }

    fn command_table(&self) -> Figure {
        let row = |line: &String| Row {
            values: vec![Value::Code(line.clone())],
            agrees: None,
        };
        Figure::Table(Table {
            title: "Commands".into(),
            note: "Build the nearest program by hand.".into(),
            columns: vec!["in the source's folder".into()],
            rows: self.commands.iter().map(row).collect(),
            left_out: 0,
        })
    }
}
