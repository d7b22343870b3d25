/* Articles whose markup is hard on offsets. Each: HTML of the article's inside, and its language. */

const paragraph = (text) => `<p>${text}</p>\n`;
const filler = [
	'The council met on Tuesday to discuss the budget of the coming year.',
	'Nobody had expected the meeting to last for longer than an hour.',
	'A bus line to the northern district will be opened in the summer.',
	'The old swimming pool stays closed until its roof has been repaired.',
	'Residents had asked for more trees along the main street.',
];

export const plain = {
	lang: 'en',
	html: `<h1>Ferry returns after thirty years</h1>
		${paragraph('The last ferry across Lake Orrin stopped in 1994, when a new road made it slower than the bus. On Saturday it sailed again, with 180 passengers on board and a queue on the pier that reached back to the bakery. “My grandmother sold tickets here,” said Ada Brandt, who leads the association that bought the boat. “She would have complained about the wind.”')}
		${paragraph('The association paid 240,000 euros for the hull and spent twice that on an electric drive. Most of the money came from 2,100 members, the rest from a county fund for quiet transport. The batteries last for six crossings and are charged overnight from a turbine in the old mill.')}
		${paragraph('Nobody expects the ferry to make a profit. A study by the county found that it would need 400 passengers a day, three times as many as the bus carries now. But the same study counted what the road costs: two closures each winter, and a detour of 48 kilometres for everyone on the northern shore. Seen that way, the boat is cheap.')}
		${paragraph('Not all neighbours are pleased. Anglers in Selm fear for the spawning grounds near the western pier, and the county has asked the captain to keep below eight knots there until a report is finished in May. Until then the ferry runs four times a day, from Thursday to Sunday. A single ticket costs three euros; children and bicycles travel free.')}`,
};

export const hard = {
	'inline markup': {
		lang: 'en',
		html: filler.map((s, i) => paragraph(s.replace(/(\w+) (\w+) (\w+)/, `<b>$1</b> <i>$2 <a href="#x${i}">$3</a></i>`))).join(''),
	},
	'markup inside words': {
		lang: 'en',
		html: filler.map((s) => paragraph(s.replace(/(\w)(\w+) /, '<b>$1</b>$2 ').replace(/(e)(r)/g, '$1<wbr>$2'))).join(''),
	},
	entities: {
		lang: 'en',
		html: filler.map((s) => paragraph(`${s.slice(0, -1)} &amp; &lt;more&gt;&nbsp;&mdash; &#x1F600;&hellip; it&rsquo;s done.`)).join(''),
	},
	'soft hyphens': {
		lang: 'en',
		html: filler.map((s) => paragraph(s.replace(/(\w{3})(\w{3})/g, '$1&shy;$2'))).join(''),
	},
	'emoji and other planes': {
		lang: 'en',
		html: filler.map((s) => paragraph(`👩‍👩‍👧 ${s.slice(0, -1)} 🏳️‍🌈 in 𝔊othic 𐍈 letters. `)).join(''),
	},
	'combining marks': {
		lang: 'fr',
		html: ['Le conseil s’est réuni mardi pour débattre du budget de l’année prochaine.',
			'La ligne de bus vers le quartier nord sera ouverte cet été.',
			'La vieille piscine reste fermée jusqu’à la réparation du toit.',
			'Les habitants avaient demandé plus d’arbres le long de la grande rue.']
			.map((s) => paragraph(s.normalize('NFD'))).join(''),
	},
	lists: {
		lang: 'en',
		html: `<p>${filler[0]}</p><ul>${filler.slice(1).map((s) => `<li>${s}</li>`).join('')}</ul>`,
	},
	'headings and blocks without space between': {
		lang: 'en',
		html: `<h2>What was decided</h2><div>${filler[0]}</div><div>${filler[1]}<blockquote>${filler[2]}</blockquote>${filler[3]}</div><section>${filler[4]}</section>`,
	},
	'line breaks': {
		lang: 'en',
		html: `<div>${filler.join('<br><br>\n')}</div>`,
	},
	'source wrapped at 40 columns': {
		lang: 'en',
		html: `<p>\n\t\t${filler.join(' ').replace(/(.{30,40}) /g, '$1\n\t\t\t')}\n</p>`,
	},
	'preserved white space': {
		lang: 'en',
		html: `<p class="pre">${filler.slice(0, 3).join('\n\n')}</p><p>${filler[3]} ${filler[4]}</p>`,
	},
	'a table': {
		lang: 'en',
		html: `<table><tbody>${filler.map((s) => `<tr><td>${s}</td><td>${s.replace('The', 'Our')}</td></tr>`).join('')}</tbody></table>`,
	},
	'hidden text and footnotes': {
		lang: 'en',
		html: filler.map((s, i) => paragraph(`${s.slice(0, -1)}<sup><a href="#n${i}">[${i}]</a></sup><span class="gone">Never seen.</span><span class="unseen">For screen readers.</span>.`)).join(''),
	},
	'footnotes inside links, and in addresses in full': {
		lang: 'en',
		html: filler.map((s, i) => paragraph(`${s.slice(0, -1)}<a href="#n${i}"><sup>[${i}]</sup></a>.<sup><a href="/notes#n${i}">[${i}]</a></sup>`)).join(''),
	},
	'text that is not painted': {
		lang: 'en',
		html: `<div class="unpainted">${filler.map((s) => paragraph(`Never seen: ${s}`)).join('')}</div>` +
			filler.map(paragraph).join('') + '<p hidden="until-found">Never seen until it is searched for.</p>',
	},
	'a drop cap': {
		lang: 'en',
		html: `<p><span class="cap">T</span>${filler[0].slice(1)} ${filler[1]}</p>` + filler.slice(2).map(paragraph).join(''),
	},
	comments: {
		lang: 'en',
		html: filler.map((s) => paragraph(s.replace(/ (\w+) /, '<!-- here --> $1<!-- and here --> '))).join(''),
	},
	Arabic: {
		lang: 'ar', dir: 'rtl',
		html: ['اجتمع المجلس يوم الثلاثاء لمناقشة <b>ميزانية</b> العام المقبل.', 'لم يتوقع أحد أن يستمر الاجتماع أكثر من ساعة.',
			'سيُفتتح خط حافلات إلى الحي الشمالي في الصيف.', 'يبقى المسبح القديم مغلقا حتى يتم إصلاح سقفه.',
			'طلب السكان زراعة المزيد من الأشجار على طول الشارع الرئيسي.'].map(paragraph).join(''),
	},
	Hebrew: {
		lang: 'he', dir: 'rtl',
		html: ['המועצה התכנסה ביום שלישי כדי לדון בתקציב השנה הבאה.', 'איש לא ציפה שהישיבה תימשך יותר משעה.',
			'קו אוטובוס לרובע הצפוני ייפתח <em>בקיץ</em>.', 'הבריכה הישנה תישאר סגורה עד שהגג יתוקן.',
			'התושבים ביקשו עוד עצים לאורך הרחוב הראשי.'].map(paragraph).join(''),
	},
	Japanese: {
		lang: 'ja',
		html: paragraph('市議会は火曜日に来年度の<ruby>予算<rt>よさん</rt></ruby>を話し合った。会議が一時間以上続くとは誰も思っていなかった。北部地区へのバス路線は夏に開通する。古いプールは屋根が直るまで閉鎖されたままだ。住民は大通りにもっと木を植えてほしいと求めていた。'),
	},
	Thai: {
		lang: 'th',
		html: paragraph('สภาเมืองประชุมเมื่อวันอังคารเพื่อหารือเรื่องงบประมาณปีหน้า ไม่มีใครคาดว่าการประชุมจะนานเกินหนึ่งชั่วโมง') +
			paragraph('รถประจำทางไปเขตเหนือจะเปิดให้บริการในฤดูร้อน') + paragraph('สระว่ายน้ำเก่ายังปิดอยู่จนกว่าจะซ่อมหลังคาเสร็จ') +
			paragraph('ชาวบ้านขอให้ปลูกต้นไม้เพิ่มตามถนนสายหลัก'),
	},
	Hindi: {
		lang: 'hi',
		html: ['परिषद ने मंगलवार को अगले साल के बजट पर चर्चा की।', 'किसी ने नहीं सोचा था कि बैठक एक घंटे से अधिक चलेगी।',
			'उत्तरी जिले के लिए बस गर्मियों में शुरू होगी।', 'पुराना तालाब छत की मरम्मत तक बंद रहेगा।'].map(paragraph).join(''),
	},
};
