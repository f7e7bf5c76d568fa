//! Cards and tables on the page.

use maud::{Markup, html};

use super::checks::shortened;
use super::picture;
use crate::quantity;
use crate::report::figure::{Card, Cards, Figure, Layout, Row, Table, Value};
use crate::visible::clean;

/// What stands between groups of three digits.
const NARROW_SPACE: char = '\u{202f}';

/// Draws one figure; the number tells pictures of a page apart.
pub(super) fn draw(figure: &Figure, number: usize) -> Markup {
    match figure {
        Figure::Cards(cards) => draw_cards(cards),
        Figure::Table(table) => draw_table(table),
        Figure::Layout(layout) => draw_layout(layout, number),
    }
}

fn draw_layout(layout: &Layout, number: usize) -> Markup {
    html! {
        section {
            h2 { (clean(&layout.title)) }
            @if layout.places.is_empty() { p { "No byte differs." } }
            (picture::draw(layout, number))
        }
    }
}

fn draw_cards(cards: &Cards) -> Markup {
    html! {
        section {
            h2 class="hidden" { (clean(&cards.title)) }
            div class="cards" { @for card in &cards.cards { (draw_card(card)) } }
        }
    }
}

fn draw_card(card: &Card) -> Markup {
    html! {
        article class="card" {
            h3 {
                @if !card.letter.is_empty() { span class="letter" { (clean(&card.letter)) } " " }
                span class="path" { (clean(&card.title)) }
            }
            dl {
                @for (name, value) in &card.facts {
                    div { dt { (clean(name)) } dd { (draw_value(value)) } }
                }
            }
        }
    }
}

/// The most columns that stay beside each other on a telephone.
const COLUMNS_BESIDE_MAX: usize = 5;

pub(super) fn draw_table(table: &Table) -> Markup {
    let compares = table.rows.iter().any(|row| row.agrees.is_some());
    let columns: Vec<String> = table.columns.iter().map(|name| clean(name)).collect();
    // Two values beside their name are too wide for a telephone, and so are many: they go below.
    let has_sides = columns.len() == 3 && !(1..3).any(|column| is_number(table, column));
    let sides = has_sides || columns.len() > COLUMNS_BESIDE_MAX;
    html! {
        section {
            h2 { (clean(&table.title)) }
            @if !table.note.is_empty() { p { (clean(&table.note)) } }
            div class="scroll" { table class=[sides.then_some("sides")] {
                thead { tr {
                    @for (index, column) in columns.iter().enumerate() {
                        th scope="col" class=[is_number(table, index).then_some("number")] { (column) }
                    }
                    @if compares { th scope="col" { span class="hidden" { "agree?" } } }
                } }
                tbody { @for row in &table.rows { (draw_row(row, &columns, compares)) } }
            } }
            @if table.left_out > 0 { p class="small" { (table.left_out) " more rows; --format json has them." } }
        }
    }
}

fn draw_row(row: &Row, columns: &[String], compares: bool) -> Markup {
    html! {
        tr {
            @for (index, value) in row.values.iter().enumerate() {
                @if index == 0 { th scope="row" { (draw_value(value)) } }
                @else if value.is_number() { td class="number" data-side=[columns.get(index)] { (draw_value(value)) } }
                @else { td data-side=[columns.get(index)] { (draw_value(value)) } }
            }
            @if compares {
                td class="agrees" {
                    @match row.agrees {
                        Some(true) => span class="chip good" { "equal" },
                        Some(false) => span class="chip bad" { "differs" },
                        None => "",
                    }
                }
            }
        }
    }
}

fn draw_value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Words(text) => (shortened(text)),
            Value::Code(text) if text.is_empty() => span class="absent" { "empty" },
            Value::Code(text) => code { (shortened(text)) },
            Value::Number(number) => (quantity::grouped(*number, NARROW_SPACE)),
            Value::Offset(offset) => (format!("{offset:#x}")),
            Value::Alarm(text) => strong class="alarm" { (shortened(text)) },
            Value::Good(text) => span class="calm" { (shortened(text)) },
            Value::Absent => span class="absent" { "absent" },
        }
    }
}

fn is_number(table: &Table, column: usize) -> bool {
    let values = table.rows.iter().filter_map(|row| row.values.get(column));
    values.into_iter().any(Value::is_number)
}
