from django.db import models


class Message(models.Model):
    room = models.TextField()
    sender = models.TextField()
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "message"
        managed = False  # schema.sql makes it, for all peers

    def __str__(self) -> str:
        return f"{self.room}#{self.pk}"
