/** The emoji that the picker offers, by group. The server takes any other one too. */

/** @type {[string, string][]} */
const GROUPS = [
  [
    "Faces",
    `
      😀 😃 😄 😁 😆 😅 😂 🤣 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤪 🤗 🤭
      🤫 🤔 🤨 😐 😏 🙄 😬 😌 😴 😷 🤒 🥳 😎 🤓 😕 😟 😮 😲 🥺 😢
      😭 😱 😞 😤 😡 🤯 😈 💀 👻 🤖
    `,
  ],
  [
    "Hands and people",
    `
      👍 👎 👌 🤌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ☝️ ✋ 🖐️ 👋 🤚 👊 ✊ 👏
      🙌 👐 🤝 🙏 💪 👀 🧠 🙈 🙉 🙊 🤷 🤦 🙋 🙇 💁 🕺 💃 🏃 🧑‍💻 🧑‍🍳
    `,
  ],
  [
    "Hearts and signs",
    `
      ❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💕 💯 ✨ ⭐ 🌟 🔥 💥 💫 💤 ✅ ☑️
      ❌ ❗ ❓ ⚠️ 🚫 ➕ ➖ 🔴 🟠 🟡 🟢 🔵 🟣 🔔 🏁 🚩
    `,
  ],
  [
    "Nature",
    `
      🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐨 🐯 🦁 🐮 🐷 🐸 🐵 🐔 🐧 🦉 🦄 🐝 🦋
      🐢 🐍 🐙 🐬 🌵 🌲 🌴 🌱 🍀 🍁 🌷 🌻 🌍 🌙 ☀️ ⛅ 🌧️ ❄️ 🌈 🌊
    `,
  ],
  [
    "Food",
    `
      🍏 🍌 🍉 🍇 🍓 🍒 🍍 🥑 🍅 🥕 🌽 🥐 🍞 🧀 🍳 🥞 🍔 🍟 🍕 🌮
      🥗 🍝 🍜 🍣 🍦 🎂 🍰 🧁 🍫 🍪 🍵 ☕ 🥤 🍺 🍷 🥂
    `,
  ],
  [
    "Things and places",
    `
      🎉 🎈 🎁 🏆 🥇 ⚽ 🏀 🎾 🎮 🎲 🎨 🎬 🎧 🎸 📷 💡 📚 📝 📌 📎
      🔑 🔒 🔧 🧪 💻 📱 ⏰ ⏳ 💰 🚀 ✈️ 🚗 🚲 🚂 🏠 🏖️ ⛰️ 🗺️
    `,
  ],
];

/** What the picker begins with. */
export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/** @type {{name: string, emoji: string[]}[]} */
export const EMOJI = GROUPS.map(([name, emoji]) => ({ name, emoji: emoji.trim().split(/\s+/) }));
