// Says on the page when a browser gave no passkey: stopped by its owner, none for this site, or an address it does not
// take (a number such as 127.0.0.1). allauth's script would leave it in the console, where nobody looks.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey_failed");
  // Taken out and put back, so that a reader for the blind says it a second time as well.
  notice.hidden = true;
  requestAnimationFrame(() => {
    notice.hidden = false;
  });
});
