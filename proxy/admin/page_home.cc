// The home page: every page with a link, or, where it takes parameters or changes something, a
// form. Nothing is loaded from elsewhere and no script runs, so the page may forbid both.
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "proxy/admin/html.h"
#include "proxy/admin/pages.h"
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --accent: #0b6bcb; --warn: #b3410e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
.facts { color: #888; margin: .2rem 0 1.5rem; }
.state { font-weight: 600; color: var(--accent); }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .45rem .6rem .45rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; width: 14rem; }
a { color: var(--accent); text-decoration: none; font-family: ui-monospace, monospace; }
a:hover { text-decoration: underline; }
button { font: 14px ui-monospace, monospace; border: 1px solid var(--line); border-radius: 6px;
  padding: .15rem .6rem; cursor: pointer; background: none; color: var(--warn); }
button:hover { border-color: var(--warn); }
button.get { color: var(--accent); }
label { display: block; margin-top: .25rem; color: #888; }
input[type=text], select { font: 14px ui-monospace, monospace; margin-right: .4rem; min-width: 11rem; }
)";

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outrigger admin</title>
<link rel="icon" href="data:,">
<style>{}</style>
</head>
<body>
<h1>Outrigger</h1>
<p class="facts"><span class="state">{}</span> &middot; up {} s &middot; {} &middot; {}</p>
<table>
)";

std::string options(std::string_view choices) {
  std::string html;
  std::vector<std::string> values = absl::StrSplit(std::string(choices), ',');
  for (const std::string& value : values)
    html += fmt::format("<option>{}</option>", html_escaped(value));
  return html;
}

std::string input(const PageParam& param) {
  std::string help = html_escaped(param.help);
  switch (param.kind) {
    case PageParam::Kind::flag:
      return fmt::format("<label><input type=\"checkbox\" name=\"{}\"> {}</label>\n", param.name,
                         help);
    case PageParam::Kind::text:
      return fmt::format(
          "<label><input type=\"text\" name=\"{0}\" placeholder=\"{0}\"> {1}</label>\n", param.name,
          help);
    case PageParam::Kind::choice:
      return fmt::format("<label><select name=\"{}\">{}</select> {}</label>\n", param.name,
                         options(param.choices), help);
  }
  return "";
}

// A form's parameters are named in the table; /runtime_modify takes any, so its page is for other
// clients.
std::string row(const Page& page) {
  std::string html = "<tr><td>";
  std::string form =
      fmt::format("form{}", absl::StrReplaceAll(std::string(page.path), {{"/", "-"}}));
  // Links are relative: the interface may be reached below a prefix.
  std::string target = page.path == "/" ? "." : std::string(page.path.substr(1));
  if (page.mutates) {
    html += fmt::format("<button form=\"{}\">{}</button>", form, page.path.substr(1));
  } else {
    html += fmt::format("<a href=\"{}\">{}</a>", target,
                        page.path == "/" ? "home" : page.path.substr(1));
  }
  html += fmt::format("</td><td>{}\n", html_escaped(page.help));
  if (page.mutates || !page.params.empty()) {
    html += fmt::format("<form id=\"{}\" action=\"{}\" method=\"{}\">\n", form, target,
                        page.mutates ? "post" : "get");
    for (const PageParam& param : page.params) html += input(param);
    if (!page.mutates) html += "<button class=\"get\">show</button>\n";
    html += "</form>";
  }
  return html + "</td></tr>\n";
}

}  // namespace

std::string html_escaped(std::string_view text) {
  return absl::StrReplaceAll(
      std::string(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

Response home_page(const Request&, ServerView& view) {
  const auto& node = view.bootstrap_proto().node();
  std::string state = ready_page({}, view).body;
  std::string html = fmt::format(fmt::runtime(kHead), kStyle, html_escaped(state),
                                 view.uptime().count(), html_escaped(view.version()),
                                 html_escaped(node.id().empty() ? "no node id" : node.id()));
  for (const Page& page : pages()) html += row(page);
  html += "</table>\n</body>\n</html>\n";
  Response response;
  response.content_type = kHtml;
  response.body = std::move(html);
  return response;
}

Response help_page(const Request&, ServerView&) {
  return Response::text(200, help_text());
}

}  // namespace outrigger::admin
