"""In which language texts are, as long as those that people tweet."""

import pytest

from murmur.text import read_text
from subgraphs.tweets.service.language import Languages

TEXTS = {
    "en": [
        "just missed my train again, brilliant start to the week",
        "does anyone know a good bakery near the harbour?",
        "that last episode broke me",
        "coffee first, then we talk about the release",
        "can't believe it's raining again",
        "so proud of my sister today",
        "reading in the park until it gets dark",
        "what a match!! never giving up on this team",
    ],
    "de": [
        "schon wieder den Zug verpasst, die Woche fängt gut an",
        "kennt jemand eine gute Bäckerei in der Nähe?",
        "die letzte Folge hat mich fertig gemacht",
        "erst Kaffee, dann reden wir weiter",
        "ich glaub es nicht, es regnet schon wieder",
        "heute bin ich so stolz auf meine Schwester",
        "im Park lesen bis es dunkel wird",
        "was für ein Spiel!! niemals aufgeben",
    ],
    "fr": [
        "encore raté mon train, la semaine commence bien",
        "quelqu'un connaît une bonne boulangerie près du port ?",
        "le dernier épisode m'a achevé",
        "d'abord un café, ensuite on discute",
        "j'y crois pas, il pleut encore",
        "tellement fière de ma sœur aujourd'hui",
        "lire au parc jusqu'à la nuit",
        "quel match !! on ne lâche rien",
    ],
    "es": [
        "otra vez perdí el tren, qué bien empieza la semana",
        "¿alguien conoce una buena panadería cerca del puerto?",
        "el último capítulo me dejó destrozado",
        "primero el café, luego hablamos",
        "no me lo creo, llueve otra vez",
        "hoy estoy muy orgullosa de mi hermana",
        "leyendo en el parque hasta que oscurezca",
        "qué partidazo!! nunca nos rendimos",
    ],
    "pt": [
        "perdi o comboio outra vez, que bela semana",
        "alguém conhece uma boa padaria perto do porto?",
        "o último episódio acabou comigo",
        "primeiro o café, depois a gente conversa",
        "não acredito que está chovendo de novo",
        "muito orgulhosa da minha irmã hoje",
        "lendo no parque até escurecer",
        "que jogo!! não vamos desistir nunca",
    ],
    "it": [
        "ho perso di nuovo il treno, ottimo inizio di settimana",
        "qualcuno conosce un buon panificio vicino al porto?",
        "l'ultima puntata mi ha distrutto",
        "prima il caffè, poi ne parliamo",
        "non ci credo, piove ancora",
        "oggi sono così fiera di mia sorella",
        "leggo al parco finché non fa buio",
        "che partita!! non molliamo mai",
    ],
    "nl": [
        "weer de trein gemist, lekker begin van de week",
        "kent iemand een goede bakker bij de haven?",
        "die laatste aflevering heeft me gesloopt",
        "eerst koffie, dan praten we verder",
        "niet te geloven, het regent alweer",
        "zo trots op mijn zus vandaag",
        "lezen in het park tot het donker wordt",
        "wat een wedstrijd!! nooit opgeven",
    ],
    "sv": [
        "missade tåget igen, härlig start på veckan",
        "är det någon som vet ett bra bageri nära hamnen?",
        "sista avsnittet knäckte mig helt",
        "först kaffe, sedan pratar vi",
        "jag tror inte det är sant, det regnar igen",
        "så stolt över min syster idag",
        "läser i parken tills det blir mörkt",
        "vilken match!! vi ger aldrig upp",
    ],
    "pl": [
        "znowu uciekł mi pociąg, świetny początek tygodnia",
        "zna ktoś dobrą piekarnię w pobliżu portu?",
        "ostatni odcinek mnie wykończył",
        "najpierw kawa, potem pogadamy",
        "nie wierzę, znowu pada",
        "jestem dziś taka dumna z siostry",
        "czytam w parku aż się ściemni",
        "co za mecz!! nigdy się nie poddamy",
    ],
    "ru": [
        "опять опоздала на поезд, отличное начало недели",
        "кто-нибудь знает хорошую пекарню у порта?",
        "последняя серия меня добила",
        "сначала кофе, потом поговорим",
        "не верю, опять дождь",
        "сегодня я так горжусь сестрой",
        "читаю в парке, пока не стемнеет",
        "какой матч!! никогда не сдаёмся",
    ],
    "uk": [
        "знову спізнилася на потяг, чудовий початок тижня",
        "хтось знає гарну пекарню біля порту?",
        "остання серія мене добила",
        "спочатку кава, потім поговоримо",
        "не вірю, знову дощ",
        "сьогодні я так пишаюся сестрою",
        "читаю в парку, доки не стемніє",
        "який матч!! ніколи не здаємося",
    ],
    "tr": [
        "yine treni kaçırdım, haftaya harika başladık",
        "limana yakın iyi bir fırın bilen var mı?",
        "son bölüm beni bitirdi",
        "önce kahve, sonra konuşuruz",
        "inanamıyorum yine yağmur yağıyor",
        "bugün kardeşimle gurur duyuyorum",
        "hava kararana kadar parkta okuyorum",
        "ne maçtı ama!! asla pes etmek yok",
    ],
    "id": [
        "ketinggalan kereta lagi, awal minggu yang indah",
        "ada yang tahu toko roti enak dekat pelabuhan?",
        "episode terakhir bikin aku hancur",
        "kopi dulu, baru kita ngobrol",
        "nggak percaya, hujan lagi",
        "bangga banget sama adikku hari ini",
        "membaca di taman sampai gelap",
        "pertandingan yang luar biasa!! jangan pernah menyerah",
    ],
    "ja": [
        "また電車に乗り遅れた、最高の週の始まり",
        "港の近くでおいしいパン屋さん知ってる人いる?",
        "最終回つらすぎた",
        "まずコーヒー、話はそれから",
        "また雨かよ信じられない",
        "今日は妹を誇りに思う",
        "暗くなるまで公園で読書",
        "なんて試合だ!!絶対あきらめない",
    ],
    "zh": [
        "又没赶上火车，这周开头真好",
        "有人知道港口附近好吃的面包店吗？",
        "最后一集看得我崩溃了",
        "先喝咖啡，再聊",
        "不敢相信又下雨了",
        "今天为我妹妹感到骄傲",
        "在公园看书看到天黑",
        "多么精彩的比赛！！永不放弃",
    ],
    "ar": [
        "فاتني القطار مرة أخرى، بداية رائعة للأسبوع",
        "هل يعرف أحد مخبزا جيدا قرب الميناء؟",
        "الحلقة الأخيرة حطمتني",
        "القهوة أولا ثم نتحدث",
        "لا أصدق أنها تمطر مرة أخرى",
        "فخورة جدا بأختي اليوم",
        "أقرأ في الحديقة حتى يحل الظلام",
        "يا لها من مباراة!! لن نستسلم أبدا",
    ],
    "hi": [
        "फिर से ट्रेन छूट गई, हफ्ते की अच्छी शुरुआत",
        "क्या कोई बंदरगाह के पास अच्छी बेकरी जानता है?",
        "आखिरी एपिसोड ने मुझे तोड़ दिया",
        "पहले कॉफी, फिर बात करेंगे",
        "यकीन नहीं होता फिर बारिश हो रही है",
        "आज मुझे अपनी बहन पर बहुत गर्व है",
        "अंधेरा होने तक पार्क में पढ़ रहा हूँ",
        "क्या मैच था!! हम कभी हार नहीं मानेंगे",
    ],
    "ko": [
        "또 기차를 놓쳤다 한 주의 시작이 좋네",
        "항구 근처에 맛있는 빵집 아는 사람?",
        "마지막 화 보고 무너졌다",
        "커피 먼저, 얘기는 그다음",
        "또 비가 오다니 믿을 수 없어",
        "오늘 내 동생이 너무 자랑스럽다",
        "어두워질 때까지 공원에서 책 읽기",
        "대단한 경기였다!! 절대 포기하지 말자",
    ],
}


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


def test_short_texts_are_told_rightly_and_hardly_ever_wrongly(languages: Languages) -> None:
    told = [(lang, languages(read_text(text))) for lang, texts in TEXTS.items() for text in texts]
    right = sum(lang == found for lang, found in told)
    wrong = sum(found not in (lang, None) for lang, found in told)
    assert right >= 0.9 * len(told)
    assert wrong <= 0.02 * len(told)


@pytest.mark.parametrize(
    "text",
    [
        "lol",
        "ok",
        "😂😂😂",
        "12:30 +1",
        "hahahahaha",
        "Berlin",
        "TL;DR",
        "@ada @bea",
        "#guten #morgen #berlin",
        "https://example.com/guten-tag",
    ],
)
def test_what_is_too_short_or_no_words_is_of_no_language(languages: Languages, text: str) -> None:
    assert languages(read_text(text)) is None


def test_mentions_links_and_lines_do_not_mislead(languages: Languages) -> None:
    text = "@the_great_harbour noch ein schöner Tag\nam Meer #sunsetlovers https://example.com/what-a-wonderful-world"
    assert languages(read_text(text)) == "de"
    assert languages(read_text("JUST MISSED MY TRAIN AGAIN")) == "en"
