// What is said, in twelve languages. In each: like, dislike, why a vote stays, the box, send, skip; and of a vote:
// thanks, not saved, waiting.
export const WORDS = {
  en: "Good answer|Bad answer|Cannot be undone|Tell us more|Send|Skip|Thank you|Not saved|Will be sent later",
  de: "Gute Antwort|Schlechte Antwort|Lässt sich nicht zurücknehmen|Erzählen Sie uns mehr|Senden|Überspringen|Danke|Nicht gespeichert|Wird später gesendet",
  fr: "Bonne réponse|Mauvaise réponse|Ne peut pas être annulé|Dites-nous-en plus|Envoyer|Passer|Merci|Non enregistré|Sera envoyé plus tard",
  es: "Buena respuesta|Mala respuesta|No se puede deshacer|Cuéntanos más|Enviar|Omitir|Gracias|No se ha guardado|Se enviará más tarde",
  it: "Buona risposta|Cattiva risposta|Non si può annullare|Dicci di più|Invia|Salta|Grazie|Non salvato|Sarà inviato più tardi",
  pt: "Boa resposta|Resposta ruim|Não é possível desfazer|Conte-nos mais|Enviar|Pular|Obrigado|Não salvo|Será enviado mais tarde",
  nl: "Goed antwoord|Slecht antwoord|Niet terug te draaien|Vertel ons meer|Versturen|Overslaan|Bedankt|Niet opgeslagen|Wordt later verstuurd",
  pl: "Dobra odpowiedź|Zła odpowiedź|Nie można tego cofnąć|Powiedz nam więcej|Wyślij|Pomiń|Dziękujemy|Nie zapisano|Zostanie wysłane później",
  tr: "İyi yanıt|Kötü yanıt|Geri alınamaz|Biraz daha anlatın|Gönder|Atla|Teşekkürler|Kaydedilemedi|Sonra gönderilecek",
  ar: "إجابة جيدة|إجابة سيئة|لا يمكن التراجع عنه|أخبرنا بالمزيد|إرسال|تخطي|شكرًا|لم يُحفظ|سيُرسل لاحقًا",
  zh: "回答得好|回答得不好|无法撤销|请告诉我们更多|提交|跳过|谢谢|保存失败|稍后提交",
  ja: "良い回答|良くない回答|取り消せません|詳しく教えてください|送信|スキップ|ありがとうございます|保存できませんでした|後で送信します",
};

// The nearest `lang` on the way up decides, also out of a shadow tree; then what the browser prefers.
export function languageOf(element) {
  return Object.keys(WORDS).find((code) => element.matches(`:lang(${code})`))
    ?? navigator.languages.map((tag) => tag.split("-")[0]).find((code) => code in WORDS) ?? "en";
}
