"""AI vendors: what an organization has set at OpenAI, Anthropic, ElevenLabs and Deepgram, and what lies there."""
