"""The style sheet of the page, for light and dark, wide and narrow, screen and one sheet of A4."""

STYLE = """
:root{color-scheme:light dark;--paper:#f7f4ee;--card:#fffdf9;--ink:#1d1b17;--soft:#6d675c;
--faint:#9b9484;--line:#e4ddd0;--rail:#e3dccd;--accent:#9a6b12;--band:#b98a2b2e;--good:#1f7a4d;
--bad:#b23b32;--quiet:#a59c8a;--warn:#f3e7cd}
@media(prefers-color-scheme:dark){:root{--paper:#14130f;--card:#1c1a16;--ink:#ece7dc;
--soft:#a0998b;--faint:#7a7466;--line:#322e26;--rail:#37332a;--accent:#e0b458;--band:#c79a3f30;
--good:#63c796;--bad:#f0857b;--quiet:#6f685a;--warn:#332a16}}
*{box-sizing:border-box}html{font-size:15px;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.45 system-ui,-apple-system,
"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif}
main{max-width:78rem;margin:0 auto;padding:2.2rem 1.6rem 1.6rem}
h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Georgia,"Noto Serif",serif;
font-weight:600;line-height:1.15;margin:0}
header{display:grid;grid-template-columns:1fr auto;column-gap:1.5rem;align-items:baseline;
border-bottom:2px solid var(--ink);padding-bottom:.8rem;margin-bottom:1rem}
.over{grid-column:1/-1;margin:0 0 .2rem;font-size:.82rem;letter-spacing:.08em;
text-transform:uppercase;color:var(--soft)}.over b{color:var(--accent)}
h1{font-size:2.3rem;letter-spacing:-.01em}
.origin{margin:0;padding:.15rem .7rem;border-radius:1rem;background:var(--warn);font-size:.8rem;
color:var(--soft)}.origin.live{color:var(--good)}
.lead{grid-column:1/-1;margin:.7rem 0 0;font-size:1.13rem;line-height:1.5;max-width:66rem}
.grid{display:grid;grid-template-columns:repeat(12,1fr);gap:.8rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.55rem;
padding:.8rem 1rem .7rem;min-width:0;overflow-x:auto}
.four{grid-column:span 4}.five{grid-column:span 5}.six{grid-column:span 6}
.seven{grid-column:span 7}
h2{font-size:1.18rem;margin-bottom:.25rem}.card>p{margin:.1rem 0 .3rem;font-size:.87rem;
color:var(--soft)}.card>p.absent{font-style:italic}
thead .title{width:100%;max-width:0;white-space:normal}
h3,thead .title{margin:.45rem 0 0;font-size:.76rem;font-weight:650;letter-spacing:.04em;
text-transform:uppercase;color:var(--soft)}
table{width:100%;border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem 0 .2rem .7rem;text-align:right;vertical-align:top;white-space:nowrap;
border-top:1px solid var(--line)}thead th{border:0;padding-bottom:.1rem;font-size:.74rem;
font-weight:500;color:var(--faint)}.table+.table thead th{padding-top:.5rem}
th:first-child,td:first-child{text-align:left;padding-left:0}tbody th{font-weight:600;
width:100%;max-width:0;overflow:hidden;text-overflow:ellipsis}.note td{border:0;padding-top:0;
white-space:normal;font-size:.8rem;line-height:1.25;color:var(--soft)}
i{font-style:normal;font-weight:400;color:var(--soft)}.forecasts tbody th{max-width:none;width:auto}
.forecasts td{padding-left:.4rem}.forecasts .table+.table thead th{padding-top:0}.table{min-width:0}
a{color:var(--accent)}a.n{color:inherit;text-decoration:none}
a.n:hover,a.n:focus-visible{color:var(--accent);text-decoration:underline}
.forecasts .tables,.picks .tables{display:grid;column-gap:1.6rem;
grid-template-columns:repeat(auto-fit,minmax(19rem,1fr))}.picks .tables{grid-template-columns:1fr}
svg{display:block;width:100%;height:auto;font:9.5px system-ui,"Segoe UI",Roboto,sans-serif}
svg text{fill:var(--faint)}.pic{min-width:7rem;vertical-align:middle}
.risks .pic{min-width:5rem}.picks .pic{min-width:12rem}
.rail{stroke:var(--rail);stroke-width:1.4}.rail-fill{fill:var(--rail)}
.stem{stroke-width:1.8}.stem.good,.ring.good{stroke:var(--good)}.stem.bad,.ring.bad{
stroke:var(--bad)}.ring{fill:var(--card);stroke-width:1.4}.dot.good{fill:var(--good)}.dot.bad{
fill:var(--bad)}.good-fill{fill:var(--good)}.bad-fill{fill:var(--bad)}.quiet-fill{
fill:var(--quiet)}.accent-fill{fill:var(--accent)}.tick{stroke:var(--ink);stroke-width:1.2}
.axis{stroke:var(--faint);stroke-width:.8}.share,.signed{height:.5rem}
.spark{max-width:13rem;float:right}.spark path{fill:none;stroke:var(--accent);stroke-width:1.6;
stroke-linejoin:round}.spark circle,.fan .dot{fill:var(--accent)}
.fan .area{fill:var(--band)}.fan .line{fill:none;stroke:var(--accent);stroke-width:1.6}
footer{margin-top:.9rem;padding-top:.6rem;border-top:1px solid var(--line);font-size:.78rem;
color:var(--soft)}footer p{margin:0 0 .3rem;max-width:none}footer ul{display:flex;flex-wrap:wrap;
gap:.1rem 1.1rem;margin:0;padding:0;list-style:none}
@media screen and (max-width:900px){.grid{grid-template-columns:1fr}.card{grid-column:1/-1}
main{padding:1.4rem .9rem}header{display:block}
.origin{display:inline-block;margin-top:.4rem}h1{font-size:1.8rem}.lead{font-size:1.05rem}}
@media screen and (max-width:600px){.card{padding:.8rem .8rem .6rem}tbody th{white-space:normal;
overflow-wrap:anywhere}.pic,.risks .pic,.picks .pic{min-width:3.6rem}
th,td{padding-left:.45rem}.picks thead th{white-space:normal}
.picks tr>:nth-child(4):not(:last-child){display:none}}
@page{size:A4;margin:8mm}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#1d1b17;--soft:#5d574d;
--faint:#857e70;--line:#ddd6c8;--rail:#ddd6c8;--accent:#7d560c;--band:#b98a2b2e;--good:#1f7a4d;
--bad:#b23b32;--quiet:#a59c8a;--warn:#f3e7cd}html{font-size:8.1px}main{padding:0;max-width:none}
.card{break-inside:avoid}a{color:inherit;text-decoration:none}}
"""
