/** The style sheet of a report: light, dark and printed, from a phone to a wide screen, without colour alone. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1f2328;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;--link:#0550ae;
--changed:#1a7f37;--unchanged:#6e7781;--skipped:#afb8c1;--failed:#cf222e;--unknown:#8250df;--running:#0969da;--out:#ffdf80;--outline:#9a6700;--read:#3192aa}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#30363d;--soft:#161b22;--link:#79b8ff;
--changed:#3fb950;--unchanged:#8b949e;--skipped:#484f58;--failed:#f85149;--unknown:#bc8cff;--running:#58a6ff;--out:#4b3a08;--outline:#d4a72c;--read:#39c5cf}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem 1.5rem 4rem;max-width:90rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.7rem;line-height:1.25;margin:.1rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.4rem 0 .7rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:0;display:inline}h4{margin:1rem 0 .3rem;font-size:.9rem;color:var(--dim)}
a{color:var(--link)}p{margin:.3rem 0}
a:focus-visible,summary:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--running);outline-offset:2px}
.skip{position:absolute;left:-100vw}.skip:focus{position:static}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.live{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.87rem;margin-bottom:.8rem}.live span::before{content:"● " / "";color:var(--dim)}.live .sr::before{content:""}
.live [data-is=live]::before{color:var(--changed)}.live [data-is=lost],.live [data-is=ended]{color:var(--failed)}.live [data-is=lost]::before,.live [data-is=ended]::before{content:"○ " / "";color:var(--failed)}
.problem{color:var(--failed)}
.kind{color:var(--dim);margin:0;text-transform:uppercase;font-size:.75rem;letter-spacing:.06em}
.about,.t,.why{color:var(--dim)}.t{font-size:.87rem}
.state{font-size:.95rem;padding:.15rem .7rem;border-radius:1rem;border:2px solid currentColor;vertical-align:middle;white-space:nowrap}
.state.changed{color:var(--changed)}.state.failed{color:var(--failed)}.state.unknown{color:var(--unknown)}.state.running{color:var(--running)}.state.other{color:var(--dim)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.2rem,1fr));gap:.7rem;margin:1.2rem 0}
.tiles div{background:var(--soft);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.tiles dt{font-size:.8rem;color:var(--dim)}.tiles dd{margin:0;font-size:.85rem;color:var(--dim);overflow-wrap:anywhere}
.tiles b{display:block;font-size:1.45rem;line-height:1.3;color:var(--fg)}
.facts{margin:0;font-size:.9rem}.facts div{display:grid;grid-template-columns:6.5rem 1fr;gap:.2rem .8rem}
.facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:1.2rem 0 0;list-style:none}
.attention{border-left:4px solid var(--failed);padding:.1rem 1rem .6rem;background:var(--soft);margin-top:1.5rem}
.attention h2{border:0;margin:.6rem 0 .2rem;padding:0}.attention ul{margin:0;padding-left:1.2rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;margin:0 0 .5rem;padding:0;font-size:.85rem}
.legend i{display:inline-block;width:1.1rem;height:.7rem;margin-right:.4rem;border-radius:2px}
.legend .changed{background:var(--changed)}.legend .unchanged{background:var(--unchanged)}.legend .skipped{background:var(--skipped)}
.legend .failed{background:var(--failed)}.legend .unknown{background:var(--unknown)}.legend .running{background:var(--running)}
.legend .change{background:var(--running)}.legend .read{background:var(--read)}
.legend .out{background:var(--out);border:1px dashed var(--outline)}
table{border-collapse:collapse;width:100%}
.line{table-layout:fixed}.line caption{text-align:left;font-size:.85rem;color:var(--dim);padding:.2rem 0 .5rem}
.line th{width:10rem;text-align:left;font-weight:400;font-size:.87rem;padding:0 .6rem 0 0;overflow-wrap:anywhere}
.line thead th+th{width:auto}.line td,.line thead th+th{padding:0 8px 0 0}.line tbody td{border-left:1px solid var(--line)}
.line tbody tr:nth-child(even){background:var(--soft)}
.line svg{display:block;width:100%;height:22px;overflow:visible}
.grid{fill:none;stroke:var(--line);vector-effect:non-scaling-stroke}.axis text{font-size:11px;fill:var(--dim)}.axis line{stroke:var(--dim)}
.points circle{fill:var(--running);stroke:var(--bg);stroke-width:1.5}.points a:focus-visible{outline:0}.points a:focus-visible circle{stroke:var(--fg);stroke-width:3}
.points .failed,.points .stopped,.points .left-out{fill:var(--failed)}.points .unknown{fill:var(--unknown)}.points .done,.points .approved{fill:var(--changed)}
.points .taken-over,.points .closed,.points .replaced,.points .asks{fill:var(--outline)}
.band rect{stroke:var(--line)}.band .odd{fill:var(--line)}.band .even{fill:var(--soft)}.band text{font-size:11px;fill:var(--fg)}
.row path{stroke-width:1;vector-effect:non-scaling-stroke}
.row{cursor:pointer}.row .out{fill:var(--out);stroke:none}
.row .changed{fill:var(--changed);stroke:var(--changed)}.row .unchanged{fill:var(--unchanged);stroke:var(--unchanged)}.row .skipped{fill:var(--skipped);stroke:var(--skipped)}
.row .failed{fill:var(--failed);stroke:var(--failed)}.row .unknown{fill:var(--unknown);stroke:var(--unknown)}.row .running,.row .change{fill:var(--running);stroke:var(--running)}
.row .read{fill:var(--read);stroke:var(--read)}
.list{font-size:.9rem}.list th{text-align:left;font-size:.8rem;color:var(--dim);font-weight:600}
.list th,.list td{padding:.35rem .9rem .35rem 0;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:break-word;min-width:3rem;max-width:34rem}
.list a,.list p{overflow-wrap:anywhere}.k{white-space:nowrap}
.list p{font-size:.87rem;color:var(--dim)}.list td:first-child{white-space:nowrap}.list .s{min-width:0}
.k{font-weight:600}.k.failed,.k.stopped,.k.refuse,.k.left-out{color:var(--failed)}.k.unknown{color:var(--unknown)}
.k.done,.k.approved{color:var(--changed)}.k.warn,.k.taken-over,.k.overridden,.k.closed{color:var(--outline)}
.find{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin:.8rem 0}.find label{display:grid;font-size:.85rem;color:var(--dim);flex:1 1 16rem;max-width:34rem}
.find input,.find button{font:inherit;padding:.35rem .7rem;border:1px solid var(--dim);border-radius:.4rem;background:var(--bg);color:var(--fg)}
.find output{flex-basis:100%;font-size:.85rem;color:var(--dim)}
#hits{margin:0 0 1rem;padding-left:1.4rem;font-size:.9rem}#hits code{color:var(--dim);overflow-wrap:anywhere}
.node{border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}
.node>summary{padding:.45rem .8rem;cursor:pointer;overflow-wrap:anywhere}.node>summary .t{margin-left:.5rem}
.node[open]>summary{border-bottom:1px solid var(--line);background:var(--soft)}.node>div{padding:0 1rem 1rem}
.steps{list-style:none;margin:0;padding:0}.steps>li{padding:.35rem 0;border-bottom:1px solid var(--line)}.steps li:last-child{border:0}
.steps li:target,.steps li:focus{background:var(--soft)}
.steps b{font-weight:600;overflow-wrap:anywhere}.steps .why{font-size:.9rem;overflow-wrap:anywhere}.steps summary{cursor:pointer;font-size:.87rem;color:var(--link)}
.steps details p{font-size:.87rem}
.s{display:inline-block;min-width:6.6rem;font-weight:600}.s.changed{color:var(--changed)}.s.failed{color:var(--failed)}.s.unknown{color:var(--unknown)}
.s.running,.s.left-running,.s.change{color:var(--running)}.s.unchanged,.s.skipped,.s.pending,.s.read{color:var(--dim)}
pre{margin:.3rem 0 .6rem;padding:.5rem .8rem;background:var(--soft);border:1px solid var(--line);border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere;
font:13px/1.45 ui-monospace,SFMono-Regular,"Liberation Mono",Menlo,monospace}.c{border-left:3px solid var(--running)}

.known{margin:.2rem 0 .8rem;padding:.4rem .8rem;border-left:4px solid var(--outline);background:var(--soft);font-size:.9rem;overflow-wrap:anywhere}.known span{display:block}
#tip{position:absolute;z-index:1;padding:.3rem .6rem;max-width:26rem;background:var(--fg);color:var(--bg);border-radius:.4rem;font-size:.82rem;pointer-events:none}
footer{margin-top:3rem;color:var(--dim);font-size:.85rem;overflow-wrap:anywhere}
[hidden]{display:none!important}.defs{position:absolute}
@media(max-width:44rem){body{padding:.8rem .8rem 3rem}.line th{width:5.6rem}
.list,.list tbody,.list tr,.list td{display:block}.list thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.list tr{border-bottom:1px solid var(--line);padding:.5rem 0}.list td{border:0;padding:.05rem 0}.list td:first-child{font-weight:600;white-space:normal}.list td:empty{display:none}
.list td[data-l]::before{content:attr(data-l) ": ";color:var(--dim);font-weight:400}.list td.short{display:inline-block;margin-right:1rem}.axis .fine{display:none}
.facts div{grid-template-columns:4.6rem 1fr}.tiles{grid-template-columns:1fr 1fr}.s{min-width:0}}
@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--soft:#f6f6f6;--line:#bbb;--link:#000;color-scheme:light;
--changed:#1a7f37;--unchanged:#6e7781;--skipped:#afb8c1;--failed:#cf222e;--unknown:#8250df;--running:#0969da;--out:#ffe9a8;--outline:#9a6700;--read:#3192aa}
body{max-width:none;padding:0;font-size:10pt}nav,.find,#hits,#tip,.skip{display:none}a{text-decoration:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2,h3,h4{break-after:avoid}tr,.tiles div,.steps>li{break-inside:avoid}.list thead{display:table-header-group}}
`;
