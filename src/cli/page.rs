//! A page of HTML that stands alone: headings, formulas, tables, pictures and code, for a screen, a phone and paper.

/// A page under construction.
pub struct Page {
    text: String,
}

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8886; --faint: #8881; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; margin: .5rem 0; }
math { font-size: 1.1rem; } math[display=block] { width: max-content; min-width: 100%; padding: .3rem 0; }
mtd { padding-top: .35em; padding-bottom: .35em; }
pre { margin: 0; padding: .75rem; font-size: .85rem; background: var(--faint); overflow-x: auto; }
.definition { white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem 1.25rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { font-family: ui-monospace, monospace; font-size: .85rem; }
summary { cursor: pointer; padding: .25rem 0; }
@media print {
  body { font-size: 10pt; max-width: none; margin: 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  td { white-space: normal; overflow-wrap: anywhere; } .wide { overflow: visible; } h2 { break-after: avoid; }
  .formula, tr, svg { break-inside: avoid; } svg { max-width: 100%; height: auto; }
  details::details-content { content-visibility: visible; display: block; }
}
";

impl Page {
    /// Begins a page.
    pub fn new(title: &str) -> Page {
        let title = escaped(title);
        let text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        Page { text }
    }

    /// Adds a heading.
    pub fn heading(&mut self, heading: &str) {
        self.text += &format!("<h2>{}</h2>\n", escaped(heading));
    }

    /// Adds formulas in MathML, one a line.
    pub fn formulas(&mut self, lines: &str) {
        for line in lines.lines() {
            self.text += &format!("<div class=\"wide formula\">{line}</div>\n");
        }
    }

    /// Adds formulas that are shown when a reader asks for them.
    pub fn folded_formulas(&mut self, summary: &str, lines: &str) {
        self.text += &format!("<details><summary>{}</summary>\n", escaped(summary));
        self.formulas(lines);
        self.text += "</details>\n";
    }

    /// Adds a picture in SVG.
    pub fn picture(&mut self, svg: &str) {
        self.text += &format!("<div class=\"wide\">{svg}</div>\n");
    }

    /// Adds text in which every space counts.
    pub fn code(&mut self, code: &str) {
        self.text += &format!("<pre>{}</pre>\n", escaped(code));
    }

    /// Adds a definition, which goes on below where it is too long for a line.
    pub fn definition(&mut self, definition: &str) {
        self.text += &format!("<pre class=\"definition\">{}</pre>\n", escaped(definition));
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, words: &str) {
        self.text += &format!("<p>{}</p>\n", escaped(words));
    }

    /// Adds a table.
    pub fn table(&mut self, titles: &[&str], rows: &[Vec<String>]) {
        let row = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
            let cells: String = cells.map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let head = row("th", &mut titles.iter().copied());
        let body: String = rows.iter().map(|cells| row("td", &mut cells.iter().map(String::as_str))).collect();
        self.text +=
            &format!("<div class=\"wide\"><table>\n<thead>{head}</thead>\n<tbody>{body}</tbody>\n</table></div>\n");
    }

    /// Ends the page.
    pub fn finish(self) -> String {
        self.text + "</body>\n</html>\n"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
