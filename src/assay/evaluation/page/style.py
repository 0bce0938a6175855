"""The style sheet of the page: one set of names, painted for light and for dark."""

STYLE = """
:root{color-scheme:light dark;--page:#f6f6f3;--card:#fff;--line:#e4e3dd;--grid:#ecebe6;
--ink:#1b1f24;--soft:#5c6570;--faint:#8b939c;--accent:#0b6e69;--good:#0b7f78;--bad:#c2412d;
--quiet:#a9b0b8;--gold:#b7791f;--empty:#f1f0ec;--band:#0b6e6914;--f1:#c2412d;--f2:#dd8a5f;
--f3:#a9b0b8;--f4:#5aa9a2;--f5:#0b6e69;--warn:#fdf3e3;--warn-line:#e7c58b}
@media(prefers-color-scheme:dark){:root{--page:#0e1114;--card:#161a1f;--line:#272d34;
--grid:#21262c;--ink:#e9ecef;--soft:#a3acb5;--faint:#77818b;--accent:#3ecfc0;--good:#2fb9ab;
--bad:#f0795f;--quiet:#5f6973;--gold:#e0b155;--empty:#1d2228;--band:#3ecfc01c;--f1:#f0795f;
--f2:#d99a78;--f3:#7c8791;--f4:#5fa8a0;--f5:#3ecfc0;--warn:#241d10;--warn-line:#5e4a20}}*{
box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.55 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
Arial,sans-serif;-webkit-text-size-adjust:100%}main{max-width:1180px;margin:0 auto;
padding:40px 24px 56px}header .over{font-size:12px;letter-spacing:.09em;text-transform:uppercase;
color:var(--soft)}h1{font-size:34px;line-height:1.15;letter-spacing:-.02em;margin:6px 0 10px;
font-weight:650}header p{max-width:78ch;margin:0 0 10px}.lead{font-size:17px}.chips{display:flex;
flex-wrap:wrap;gap:8px;margin:18px 0 0;padding:0;list-style:none;font-size:13px}.chips li{
background:var(--card);border:1px solid var(--line);border-radius:99px;padding:4px 12px;
color:var(--soft)}.chips b{color:var(--ink);font-weight:600}.notes{margin:20px 0 0;
padding:12px 18px;background:var(--warn);border:1px solid var(--warn-line);border-radius:10px;
font-size:14px}.notes p{margin:2px 0;max-width:none}.tiles{display:grid;
grid-template-columns:repeat(4,1fr);gap:12px;margin:26px 0 8px}.tile{background:var(--card);
border:1px solid var(--line);border-radius:12px;padding:14px 18px}.tile .name{font-size:13px;
color:var(--soft)}.tile .number{font-size:29px;line-height:1.2;font-weight:640;
letter-spacing:-.02em;font-variant-numeric:tabular-nums}.tile .more{font-size:12.5px;
color:var(--faint)}h2{font-size:21px;letter-spacing:-.01em;margin:44px 0 4px;font-weight:640}h2+p{
color:var(--soft);max-width:86ch;margin:0 0 16px}.grid{display:grid;grid-template-columns:1fr 1fr;
gap:16px}.card{background:var(--card);min-width:0;border:1px solid var(--line);border-radius:12px;
padding:18px 20px 14px;overflow-x:auto}.wide{grid-column:1/-1}h3{font-size:15px;margin:0;
font-weight:620}.card>p{font-size:13px;color:var(--soft);margin:2px 0 12px}svg{display:block;
width:100%;height:auto;font:12px Inter,ui-sans-serif,system-ui,"Segoe UI",Roboto,Arial,sans-serif;
font-variant-numeric:tabular-nums}svg text{fill:var(--ink)}.tick{fill:var(--soft)!important}
.strong{fill:var(--ink)!important;font-weight:600}.value{font-weight:600}.cell{font-size:12.5px;
font-weight:550}.end{font-size:12px;font-weight:600}.rule{stroke:var(--grid);stroke-width:1}.axis{
stroke:var(--faint);stroke-width:1}.dash{stroke:var(--faint);stroke-width:1.2;stroke-dasharray:4 4}
.limit{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:3 3}.mark{stroke:var(--accent);
stroke-width:2}.stem{stroke:var(--accent);stroke-width:2;opacity:.35}.line{fill:none;
stroke-width:1.9;stroke-linejoin:round}.area{opacity:.13}.band{fill:var(--band)}.empty{
fill:var(--empty)}.soft{opacity:.72}.hollow{fill:var(--card);stroke:var(--quiet);stroke-width:2}
.ring{stroke:var(--card);stroke-width:2}path.accent{stroke:var(--accent)}.accent-fill{
fill:var(--accent)}svg .accent-text{fill:var(--accent)}path.quiet{stroke:var(--quiet)}.quiet-fill{
fill:var(--quiet)}svg .quiet-text{fill:var(--soft)}path.gold{stroke:var(--gold)}svg .gold-text{
fill:var(--gold)}path.bad{stroke:var(--bad)}.bad-fill{fill:var(--bad)}svg .bad-text{
fill:var(--bad)}.good-fill{fill:var(--good)}path.fifth-1{stroke:var(--f1)}path.fifth-2{
stroke:var(--f2)}path.fifth-3{stroke:var(--f3)}path.fifth-4{stroke:var(--f4)}path.fifth-5{
stroke:var(--f5)}svg .fifth-1-text{fill:var(--f1)}svg .fifth-2-text{fill:var(--f2)}
svg .fifth-3-text{fill:var(--f3)}svg .fifth-4-text{fill:var(--f4)}svg .fifth-5-text{fill:var(--f5)}
.fifth-1-fill{fill:var(--f1)}.fifth-2-fill{fill:var(--f2)}.fifth-3-fill{fill:var(--f3)}
.fifth-4-fill{fill:var(--f4)}.fifth-5-fill{fill:var(--f5)}table{border-collapse:collapse;
width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}th,td{text-align:right;
padding:7px 8px;border-bottom:1px solid var(--grid);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}thead th{color:var(--soft);
font-weight:500;border-bottom-color:var(--line)}tbody th{font-weight:600}
tr:last-child td,tr:last-child th{border-bottom:0}.down{color:var(--bad)}footer{margin-top:44px;
padding-top:18px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}footer p{
margin:4px 0;max-width:100ch}@media(max-width:860px){.grid{grid-template-columns:1fr}.tiles{
grid-template-columns:1fr 1fr}main{padding:24px 14px}h1{font-size:27px}.wide svg{min-width:720px}}
@media print{body{background:#fff}.card,.tile{break-inside:avoid}}
"""
